using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Rounds of a node whose store has no space.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FullStoreTests
{
    private readonly FakeReconciler _network = new();
    private readonly Node _node;

    public FullStoreTests()
    {
        _node = new Node { Reconciler = _network }.Lists(1);
        _node.Options.MaxRecords = 105; // Of which 5 are reserved for edits.
    }

    [Test]
    public async Task Record_without_space_is_neither_verified_nor_fetched_again_and_uses_up_no_entries_of_the_peer()
    {
        await FillAsync();
        _network.Add(Node.Peer(1), Records(120));

        var first = await _node.ShareAsync();
        var checks = _node.Checker.Checks;
        await _node.ShareAsync();

        Assert.That(first.Verdicts.Full, Is.GreaterThan(0));
        Assert.That(_node.Checker.Checks, Is.EqualTo(checks));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(1));
    }

    [Test]
    public async Task Full_list_of_a_peer_without_the_extension_is_verified_once()
    {
        await FillAsync();
        _node.Serves(1, Records(120));

        await _node.ShareAsync();
        var checks = _node.Checker.Checks;
        var second = await _node.ShareAsync();

        Assert.That((_node.Checker.Checks, second.Verdicts.Full), Is.EqualTo((checks, 20L)));
    }

    [Test]
    public async Task For_an_hour_only_what_is_newer_is_compared_and_an_edit_arrives_in_the_next_round()
    {
        await FillAsync();
        var records = Records(120);
        var peer = _network.Add(Node.Peer(1), records);
        var lengths = new List<int>();
        var reconcile = peer.Reconcile;
        peer.Reconcile = (message, cancellationToken) =>
        {
            lengths.Add(message.Length);
            return reconcile(message, cancellationToken);
        };
        await _node.ShareAsync();
        lengths.Clear();

        var now = _node.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var edit = Samples.Linktree(5, "u", now);
        await peer.PutAsync(edit);
        _node.Clock.Advance(TimeSpan.FromSeconds(20));
        var second = await _node.ShareAsync();

        Assert.That(second.Verdicts.Replaced, Is.EqualTo(1));
        Assert.That(lengths, Is.All.LessThan(200), "neither the fingerprints nor the ids of the whole set");
        lengths.Clear();
        _node.Clock.Advance(TimeSpan.FromHours(1));
        await _node.ShareAsync();
        Assert.That(lengths.Max(), Is.GreaterThan(200));
    }

    private static SignedLinktree[] Records(int count) => [.. Enumerable.Range(0, count).Select(i => Samples.Linktree((byte)i, "u", 1_000_000 + (1_000L * i)))];

    private async Task FillAsync() => await _node.Store.PutAsync(Records(100));
}
