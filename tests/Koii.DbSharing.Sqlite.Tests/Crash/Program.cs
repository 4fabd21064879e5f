using System.Globalization;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>
/// <c>&lt;connection string&gt; &lt;seed&gt; &lt;first batch&gt;</c>: puts one batch after another into a store and
/// writes the number of each once it is acknowledged, until it is killed.
/// </summary>
internal static class Program
{
    internal static async Task<int> Main(string[] arguments)
    {
        var (connectionString, seed, first) = (arguments[0], Number(arguments[1]), Number(arguments[2]));
        await using var store = new SqliteLinktreeStore(connectionString, CrashBatches.Options);
        await CrashBatches.PutUntilKilledAsync(store, seed, first);
        return 0;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
