using Koii.DbSharing.Replication;

namespace Koii.DbSharing.Tests.Replication;

public sealed class PeerSelectorTests
{
    private static readonly NodeAddress[] Hundred = [.. Enumerable.Range(1, 100).Select(Node.Peer)];

    [Test]
    public void All_peers_are_selected_while_they_are_at_most_twice_the_fan_out() =>
        Assert.That(Select(Hundred[..8], 4), Is.EquivalentTo(Hundred[..8]));

    [Test]
    public void One_more_and_only_the_fan_out_is_selected()
    {
        var chosen = Select(Hundred[..9], 4);

        Assert.That(chosen, Has.Count.EqualTo(4));
        Assert.That(chosen, Is.Unique.And.SubsetOf(Hundred[..9]));
    }

    [Test]
    public void Own_addresses_and_repetitions_are_dropped_under_any_spelling()
    {
        NodeAddress[] listed = [NodeAddress.Parse("http://me.example/"), Node.Peer(1), NodeAddress.Parse("HTTP://PEER1.example:80/"), NodeAddress.Parse("http://ME.example")];

        Assert.That(Select(listed, 4, configure: options => options.OwnUrls.Add("http://me.example")), Is.EqualTo(new[] { Node.Peer(1) }));
    }

    [Test]
    public void Repetitions_do_not_count_towards_the_fan_out()
    {
        NodeAddress[] listed = [.. Enumerable.Repeat(Node.Peer(1), 50), .. Hundred[..8]];

        Assert.That(Select(listed, 4), Is.EquivalentTo(Hundred[..8]));
    }

    [Test]
    public void Half_of_the_selected_peers_are_proven([Range(1, 20)] int seed)
    {
        var proven = Hundred[40..50].ToHashSet();

        var chosen = Select(Hundred, 8, peer => proven.Contains(peer) ? PeerState.Proven : PeerState.Ready, seed);

        Assert.That(chosen, Has.Count.EqualTo(8));
        Assert.That(chosen, Is.Unique);
        Assert.That(chosen.Take(4), Is.SubsetOf(proven));
    }

    [Test]
    public void Missing_proven_peers_are_replaced_by_random_ones()
    {
        var chosen = Select(Hundred, 8, peer => peer == Node.Peer(77) ? PeerState.Proven : PeerState.Ready);

        Assert.That(chosen, Has.Count.EqualTo(8));
        Assert.That(chosen, Is.Unique.And.Contains(Node.Peer(77)));
    }

    [Test]
    public void One_peer_whose_retry_is_due_is_asked_in_addition([Range(1, 5)] int seed)
    {
        var due = Hundred[40..60].ToHashSet();

        var chosen = Select(Hundred, 8, peer => due.Contains(peer) ? PeerState.RetryDue : PeerState.Ready, seed);

        Assert.That(chosen, Has.Count.EqualTo(9));
        Assert.That(chosen.Count(due.Contains), Is.EqualTo(1));
    }

    [Test]
    public void Peer_that_is_backing_off_is_not_asked([Values(8, 100)] int fanOut, [Range(1, 5)] int seed)
    {
        var backingOff = Hundred[10..].ToHashSet();

        var chosen = Select(Hundred, fanOut, peer => backingOff.Contains(peer) ? PeerState.BackingOff : PeerState.Ready, seed);

        Assert.That(chosen, Is.SubsetOf(Hundred[..10]).And.Count.EqualTo(Math.Min(fanOut, 10)));
    }

    [Test]
    public void Due_retries_fill_the_selection_if_all_peers_have_failed() =>
        Assert.That(Select(Hundred, 8, _ => PeerState.RetryDue), Has.Count.EqualTo(9));

    [Test]
    public void All_due_retries_are_asked_while_the_peers_are_few() =>
        Assert.That(Select(Hundred[..8], 4, _ => PeerState.RetryDue), Is.EquivalentTo(Hundred[..8]));

    [Test]
    public void Ten_thousand_entries_of_one_host_count_as_two([Range(1, 3)] int seed)
    {
        NodeAddress[] listed =
        [
            .. Enumerable.Range(1, 5_000).Select(port => NodeAddress.Parse($"http://evil.example:{port}")),
            .. Enumerable.Range(1, 5_000).Select(path => NodeAddress.Parse($"https://EVIL.example/{path}")),
            .. Hundred[..6],
        ];

        var chosen = Select(listed, 4, seed: seed);

        Assert.That(chosen, Has.Count.EqualTo(8));
        Assert.That(chosen, Is.SupersetOf(Hundred[..6]));
    }

    [Test]
    public void Named_nodes_and_development_may_have_many_at_one_host([Values] bool named)
    {
        NodeAddress[] listed = [.. Enumerable.Range(1, 9).Select(port => NodeAddress.Parse($"http://127.0.0.1:{port}"))];

        var chosen = Select(listed, 4, configure: options =>
        {
            options.AllowPrivateAddresses = !named;
            foreach (var node in listed.Where(_ => named))
                options.Nodes.Add(node.Url);
        });

        Assert.That(chosen, Has.Count.EqualTo(4));
        Assert.That(Select(listed, 4), Has.Count.EqualTo(2), "where it is neither");
    }

    [Test]
    public void Every_peer_is_asked_eventually()
    {
        var random = new Random(1);
        var selection = new PeerSelector(new DbSharingOptions());
        var met = new HashSet<NodeAddress>();
        for (var round = 0; round < 500; round++)
            met.UnionWith(selection.Select(Hundred, peer => peer == Node.Peer(1) ? PeerState.Proven : PeerState.Ready, random));

        Assert.That(met, Is.EquivalentTo(Hundred));
    }

    [Test]
    public void Order_of_the_selection_does_not_depend_on_the_order_of_the_list()
    {
        var random = new Random(1);
        var selection = new PeerSelector(new DbSharingOptions());
        var met = new HashSet<NodeAddress>();
        for (var round = 0; round < 500; round++)
            met.Add(selection.Select(Hundred[..8], _ => PeerState.Ready, random)[0]);

        Assert.That(met, Is.EquivalentTo(Hundred[..8]));
    }

    [Test]
    public void Same_seed_selects_the_same_peers()
    {
        var first = Select(Hundred, 8, seed: 5);

        Assert.That(Select(Hundred, 8, seed: 5), Is.EqualTo(first));
    }

    [Test]
    public void Greatest_fan_out_selects_all() => Assert.That(Select(Hundred, int.MaxValue), Is.EquivalentTo(Hundred));

    [TestCase("http://a.example", "a.example")]
    [TestCase("https://a.example:8443/b:c", "a.example")]
    [TestCase("http://[2606:4700::1111]", "[2606:4700::1111]")]
    [TestCase("http://[2606:4700::1111]:81/x", "[2606:4700::1111]")]
    public void Host_excludes_port_and_path(string url, string host) => Assert.That(NodeAddress.Parse(url).Host, Is.EqualTo(host));

    private static IReadOnlyList<NodeAddress> Select(
        IReadOnlyList<NodeAddress> listed, int fanOut, Func<NodeAddress, PeerState>? stateOf = null, int seed = 1, Action<DbSharingOptions>? configure = null)
    {
        var options = new DbSharingOptions { FanOut = fanOut };
        configure?.Invoke(options);
        return new PeerSelector(options).Select(listed, stateOf ?? (_ => PeerState.Ready), new Random(seed));
    }
}
