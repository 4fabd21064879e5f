using System.Globalization;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>
/// <c>&lt;connection string&gt; &lt;seed&gt; &lt;first page&gt;</c>: puts one page after the other into a store and writes the number of each once it is acknowledged, until it is killed.
/// </summary>
internal static class Program
{
    internal static async Task<int> Main(string[] arguments)
    {
        var (connectionString, seed, first) = (arguments[0], Number(arguments[1]), Number(arguments[2]));
        await using var store = new SqliteLinktreeStore(connectionString, CrashPages.Options);
        await CrashPages.PutUntilKilledAsync(store, seed, first);
        return 0;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
