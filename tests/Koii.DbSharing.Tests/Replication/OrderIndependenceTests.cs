using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>
/// Whatever the order, the repetitions and the split into pages, peers and rounds: a node that has seen the same records holds the same records, those that
/// the model function of protocol §1 names.
/// </summary>
public sealed class OrderIndependenceTests
{
    private const int PerAuthor = 3;
    private static readonly long Due = new DateTimeOffset(2026, 1, 1, 0, 10, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Test]
    public void State_depends_on_the_set_of_records_and_not_on_their_order([Values] bool onTwoThreads)
    {
        var runs = from count in Gen.Choose(1, 40)
                   from records in Record().ListOf(count)
                   from repeated in Gen.Shuffle(records.Concat(records.Where((_, index) => index % 3 == 0)))
                   from split in Gen.Choose(0, 3).ListOf(repeated.Length)
                   from peersAtOnce in Gen.Choose(1, 4)
                   select (Records: repeated, Split: split, PeersAtOnce: peersAtOnce);

        // A failure names the seed that repeats it.
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(runs.ToArbitrary(), run => HoldsTheModelState(run.Records, run.Split, run.PeersAtOnce, onTwoThreads ? TaskScheduler.Default : null)));
    }

    private static bool HoldsTheModelState(IReadOnlyList<SignedLinktree> records, IReadOnlyList<int> split, int peersAtOnce, TaskScheduler? storeScheduler)
    {
        using var thread = new DrivingThread();
        var node = new Node { Options = { LinktreesPerAuthor = PerAuthor, MaxConcurrentPeers = peersAtOnce }, StoreScheduler = storeScheduler }.Lists(3);

        // Part 0 is submitted before the round, parts 1 to 3 are the peers; a peer's pages hold one record, two, three and so on.
        foreach (var record in Part(0))
            node.Engine.SubmitAsync(record).AsTask().GetAwaiter().GetResult();
        for (var peer = 1; peer <= 3; peer++)
        {
            var pages = Pages(Part(peer));
            node.Peers.Answer(Node.Peer(peer), (_, _) => InterleavedAsync(pages));
        }

        node.ShareAsync().GetAwaiter().GetResult();
        var held = node.HeldAsync().GetAwaiter().GetResult();
        return held.Select(record => record.Id).SequenceEqual(Model(records).Select(record => record.Id)) && held.All(FakeVerifier.IsGood);

        IEnumerable<SignedLinktree> Part(int part) => records.Where((_, index) => split[index] == part);
    }

    /// <summary>Of the valid and due records: of each identity the newest, of each author the newest few; in the one order.</summary>
    private static IEnumerable<SignedLinktree> Model(IEnumerable<SignedLinktree> records) => records
        .Where(record => FakeVerifier.IsGood(record) && record.TaskId is null or "task" && record.Timestamp <= Due)
        .GroupBy(record => record.Key, (_, versions) => versions.MaxBy(version => version.Version)!)
        .GroupBy(record => record.Author)
        .SelectMany(author => author.OrderByDescending(record => record.Version).Take(PerAuthor))
        .OrderBy(record => record.Version);

    private static Gen<SignedLinktree> Record() =>
        from author in Gen.Choose(1, 3)
        from uuid in Gen.Elements("a", "b", "c", "d", "e", "A", "\u00e9", "e\u0301")
        from timestamp in Gen.Frequency((8, Gen.Choose(0, 4).Select(number => (long)number)), (1, Gen.Elements(Due, Due + 1, 9_007_199_254_740_991)))
        from name in Gen.Elements("x", "y")
        from taskId in Gen.Frequency((6, Gen.Constant((string?)null)), (2, Gen.Constant<string?>("task")), (1, Gen.Constant<string?>("other")))
        from deleted in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        from signature in Gen.Frequency((3, Gen.Constant(2)), (1, Gen.Constant(0)), (1, Gen.Constant(1)))
        let record = Samples.Linktree((byte)author, uuid, timestamp, name, deleted, taskId)
        select signature switch { 0 => record.Forged(), 1 => record.Resigned(5), _ => record };

    private static List<PeerPage> Pages(IEnumerable<SignedLinktree> records)
    {
        var left = records.ToList();
        var pages = new List<PeerPage>();
        while (left.Count > 0)
        {
            var size = Math.Min(pages.Count + 1, left.Count);
            pages.Add(new PeerPage(left[..size]));
            left.RemoveRange(0, size);
        }

        return pages;
    }

    private static async IAsyncEnumerable<PeerPage> InterleavedAsync(IReadOnlyList<PeerPage> pages)
    {
        foreach (var page in pages)
        {
            await Task.Yield();
            yield return page;
        }
    }
}
