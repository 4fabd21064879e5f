using System.Runtime.CompilerServices;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>A node list with unreachable peers, on virtual time: an unreachable peer takes its connect limit, an honest one no time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeadPeersTests
{
    private const int Listed = 50;
    private static readonly HashSet<NodeAddress> Dead = [.. Enumerable.Range(1, 15).Select(number => Node.Peer(3 * number))];

    private readonly Dictionary<NodeAddress, List<DateTimeOffset>> _calls = Dead.ToDictionary(peer => peer, _ => new List<DateTimeOffset>());
    private readonly StateBarrier _honest = new();
    private int _waiting;
    private int _reading;

    /// <summary>The table in docs/benchmarks.md is what this writes, once with the default and once with all that are listed.</summary>
    [TestCase(8)]
    [TestCase(Listed)]
    public async Task Fifty_peers_of_which_fifteen_are_dead(int fanOut)
    {
        var node = new Node { Options = { FanOut = fanOut }, Random = new Random(7) }.Lists(Listed);
        var limit = node.Options.PeerLimits.ConnectTimeout;
        for (byte number = 1; number <= Listed; number++)
        {
            var linktree = Samples.Linktree(number);
            var peer = Node.Peer(number);
            node.Peers.Answer(peer, (_, cancellationToken) => Dead.Contains(peer) ? FailAsync(node, peer, cancellationToken) : AnswersAsync(linktree));
        }

        TestContext.Out.WriteLine("| round | asked | of them dead | new records | took |");
        for (var round = 1; round <= 10; round++)
        {
            var sharing = node.ShareAsync(); // Calls all peers before it returns: the directory and the fakes respond at once.
            await _honest.WhenAsync(() => _reading == 0);
            if (_waiting > 0)
                node.Clock.Advance(limit);
            var report = await sharing;

            var dead = report.Peers.Count(peer => Dead.Contains(peer.Peer));
            TestContext.Out.WriteLine($"| {round} | {report.Peers.Count} | {dead} | {report.Verdicts.Inserted} | {report.Duration.TotalSeconds:0} s |");
            Assert.That(report.Duration, Is.EqualTo(dead > 0 ? limit : TimeSpan.Zero), "one connect limit and the honest work, however many are dead");
            Assert.That(report.Peers.Where(peer => peer.Failure is not null).Select(peer => peer.Peer), Is.SubsetOf(Dead));
            Assert.That(report.Peers, Has.Count.AtMost(fanOut + 1));
            node.Clock.Advance(node.Options.Interval - report.Duration);
        }

        foreach (var calls in _calls.Values)
        {
            for (var failures = 1; failures < calls.Count; failures++)
                Assert.That((calls[failures] - calls[failures - 1]) / node.Options.Interval, Is.GreaterThanOrEqualTo(0.8 * (Math.Pow(2, failures - 1) + 0.5)), "not before it is due");
        }

        if (fanOut == Listed)
        {
            Assert.That(await node.HeldAsync(), Has.Count.EqualTo(Listed - Dead.Count));
            Assert.That(_calls.Values.Select(calls => calls.Count), Is.All.InRange(3, 4), "and each of them again when it is");
        }
    }

    private async IAsyncEnumerable<PeerPage> FailAsync(Node node, NodeAddress peer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _calls[peer].Add(node.Clock.GetUtcNow());
        Interlocked.Increment(ref _waiting);
        await Task.Delay(node.Options.PeerLimits.ConnectTimeout, node.Clock, cancellationToken);
        Interlocked.Decrement(ref _waiting);
        yield return new PeerPage([]) { Failure = new PeerFailure(PeerFailureKind.TimedOut) };
    }

    private async IAsyncEnumerable<PeerPage> AnswersAsync(SignedLinktree linktree)
    {
        _honest.Change(() => _reading++);
        await Task.CompletedTask;
        yield return new PeerPage([]);
        yield return new PeerPage([linktree]);
        _honest.Change(() => _reading--);
    }
}
