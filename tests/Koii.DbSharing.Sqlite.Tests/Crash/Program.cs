using System.Globalization;

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
        await using var output = Console.OpenStandardOutput();
        for (var number = first; ; number++)
        {
            await store.PutAsync(CrashPages.Page(seed, number));

            // Not through the console's writer, which could hold a line back.
            output.Write([.. System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}\n"))]);
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
