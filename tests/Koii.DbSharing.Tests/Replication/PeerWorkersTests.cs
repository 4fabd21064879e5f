using Koii.DbSharing.Nodes;
using Koii.DbSharing.Replication;

namespace Koii.DbSharing.Tests.Replication;

public sealed class PeerWorkersTests
{
    private static readonly NodeAddress[] Ten = [.. Enumerable.Range(1, 10).Select(Node.Peer)];

    [Test]
    public async Task Every_peer_is_asked_once_and_reports_keep_their_order([Values(1, 3, 10, 100)] int atOnce)
    {
        var running = 0;
        var most = 0;

        var reports = await PeerWorkers.AskAllAsync(
            Ten,
            atOnce,
            async (peer, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
                return Report(peer);
            },
            default);

        Assert.That(reports.Select(report => report.Peer), Is.EqualTo(Ten));
        Assert.That(most, Is.AtMost(atOnce));
    }

    [Test]
    public void First_exception_is_thrown_and_those_that_follow_from_it_are_not()
    {
        var asked = 0;

        Assert.That(
            () => PeerWorkers.AskAllAsync(
                Ten,
                2,
                async (peer, token) =>
                {
                    asked++;
                    if (peer == Node.Peer(2))
                        throw new InvalidOperationException("the first");
                    await Task.Delay(Timeout.InfiniteTimeSpan, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw new InvalidOperationException("a consequence");
                },
                default),
            Throws.InvalidOperationException.With.Message.EqualTo("the first"));
        Assert.That(asked, Is.EqualTo(2));
    }

    [Test]
    public async Task Nobody_to_ask_is_no_report() => Assert.That(await PeerWorkers.AskAllAsync([], 4, (peer, _) => Task.FromResult(Report(peer)), default), Is.Empty);

    private static PeerReport Report(NodeAddress peer) => new(peer) { Path = PeerPath.FullList };
}
