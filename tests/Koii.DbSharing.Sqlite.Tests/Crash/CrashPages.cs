using Koii.DbSharing.Records;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>The pages that the process puts which is killed, and the test that knows what must be there: the same for the same seed.</summary>
internal static class CrashPages
{
    private const int PerAuthor = 3;

    internal static DbSharingOptions Options
    {
        get
        {
            var options = SampleLinktrees.Options(PerAuthor);
            options.MaxChangesKept = 1_000_000; // the feed is read from its start
            return options;
        }
    }

    /// <summary>New records, replacing ones and tombstones, of authors that are often at their limit; some large enough to need pages of their own.</summary>
    internal static SignedLinktree[] Page(int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        return
        [
            .. Enumerable.Range(0, random.Next(1, 65)).Select(i => SampleLinktrees.Create(
                random.Next(40), $"u{random.Next(6)}", (1000L * number) + i, new string('x', random.Next(8) == 0 ? 6000 : random.Next(500)), random.Next(8) == 0)),
        ];
    }

    internal static IEnumerable<SignedLinktree> PagesBefore(int seed, int end) => Enumerable.Range(0, end).SelectMany(number => Page(seed, number));

    internal static IReadOnlyList<SignedLinktree> StateBefore(int seed, int end) => LinktreeModel.StateAfter(PagesBefore(seed, end), PerAuthor);

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, int number) => unchecked((seed * 486187739) + number);
}
