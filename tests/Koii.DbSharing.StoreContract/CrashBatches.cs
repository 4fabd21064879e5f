using System.Globalization;
using System.Text;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// Batches that a process puts until it or its database is killed. They are the same for the same seed, so a test can
/// compute what must be stored afterwards.
/// </summary>
public static class CrashBatches
{
    private const int PerAuthor = 3;

    /// <summary>The settings of the store.</summary>
    public static DbSharingOptions Options
    {
        get
        {
            var options = Samples.Options(PerAuthor);
            options.MaxRetainedChanges = 1_000_000; // The feed is read from its start.
            return options;
        }
    }

    /// <summary>
    /// Creates a batch: new records, newer versions and tombstones of authors that are often at their limit, some of
    /// them large enough for database pages of their own.
    /// </summary>
    public static SignedLinktree[] Batch(int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        return
        [
            .. Enumerable.Range(0, random.Next(1, 65)).Select(i => Samples.Create(
                random.Next(40),
                $"u{random.Next(6)}",
                (1000L * number) + i,
                new string('x', random.Next(8) == 0 ? 6000 : random.Next(500)),
                random.Next(8) == 0)),
        ];
    }

    /// <summary>Creates the records of all batches before one.</summary>
    public static IEnumerable<SignedLinktree> RecordsBefore(int seed, int end) =>
        Enumerable.Range(0, end).SelectMany(number => Batch(seed, number));

    /// <summary>Computes what a store contains after all batches before one.</summary>
    public static IReadOnlyList<SignedLinktree> StateBefore(int seed, int end) =>
        LinktreeModel.StateAfter(RecordsBefore(seed, end), PerAuthor);

    /// <summary>
    /// Puts one batch after another and writes the number of each on a line of the standard output once it is
    /// acknowledged, until the process is killed.
    /// </summary>
    public static async Task PutUntilKilledAsync(ILinktreeStore store, int seed, int first)
    {
        await using var output = Console.OpenStandardOutput();
        for (var number = first; ; number++)
        {
            await store.PutAsync(Batch(seed, number));

            // Not through the writer of the console, which could buffer a line.
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}\n")));
        }
    }

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, int number) => unchecked((seed * 486187739) + number);
}
