using Koii.DbSharing.Replication;

namespace Koii.DbSharing.Tests.Replication;

public sealed class PeerTasksTests
{
    private static readonly NodeAddress[] Ten = [.. Enumerable.Range(1, 10).Select(Node.Peer)];

    [Test]
    public async Task All_peers_are_asked_at_once_and_reports_keep_their_order()
    {
        var allAreAsked = new TaskCompletionSource();
        var asked = 0;

        var reports = await PeerTasks.AskAllAsync(
            Ten,
            async (peer, _) =>
            {
                if (++asked == Ten.Length)
                    allAreAsked.SetResult();
                await allAreAsked.Task;
                return Report(peer);
            },
            default);

        Assert.That(reports.Select(report => report.Peer), Is.EqualTo(Ten));
    }

    [Test]
    public void First_exception_is_thrown_and_those_that_follow_from_it_are_not()
    {
        var asked = 0;

        Assert.That(
            () => PeerTasks.AskAllAsync(
                Ten,
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
    public async Task Nobody_to_ask_is_no_report() => Assert.That(await PeerTasks.AskAllAsync([], (peer, _) => Task.FromResult(Report(peer)), default), Is.Empty);

    private static PeerReport Report(NodeAddress peer) => new(peer) { Path = PeerPath.FullList };
}
