using System.Globalization;
using System.Text;

namespace Koii.DbSharing.StoreContract;

/// <summary>Pages that a process puts until it or its database is killed, for a test that knows what must then be there: the same for the same seed.</summary>
public static class CrashPages
{
    private const int PerAuthor = 3;

    /// <summary>The settings that the pages are meant for.</summary>
    public static DbSharingOptions Options
    {
        get
        {
            var options = SampleLinktrees.Options(PerAuthor);
            options.MaxRetainedChanges = 1_000_000; // the feed is read from its start
            return options;
        }
    }

    /// <summary>New records, replacing ones and tombstones, of authors that are often at their limit; some large enough to need pages of their own.</summary>
    public static SignedLinktree[] Page(int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        return
        [
            .. Enumerable.Range(0, random.Next(1, 65)).Select(i => SampleLinktrees.Create(
                random.Next(40), $"u{random.Next(6)}", (1000L * number) + i, new string('x', random.Next(8) == 0 ? 6000 : random.Next(500)), random.Next(8) == 0)),
        ];
    }

    /// <summary>All records of the pages before this one.</summary>
    public static IEnumerable<SignedLinktree> PagesBefore(int seed, int end) => Enumerable.Range(0, end).SelectMany(number => Page(seed, number));

    /// <summary>What a store holds that was given all pages before this one.</summary>
    public static IReadOnlyList<SignedLinktree> StateBefore(int seed, int end) => LinktreeModel.StateAfter(PagesBefore(seed, end), PerAuthor);

    /// <summary>Puts one page after the other and writes the number of each to standard output, on a line, once it is acknowledged. It ends only by what it is killed by.</summary>
    public static async Task PutUntilKilledAsync(ILinktreeStore store, int seed, int first)
    {
        await using var output = Console.OpenStandardOutput();
        for (var number = first; ; number++)
        {
            await store.PutAsync(Page(seed, number));

            // Not through the console's writer, which could hold a line back.
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}\n")));
        }
    }

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, int number) => unchecked((seed * 486187739) + number);
}
