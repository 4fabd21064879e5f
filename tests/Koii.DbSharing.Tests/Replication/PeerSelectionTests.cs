using Koii.DbSharing.Nodes;
using Koii.DbSharing.Replication;

namespace Koii.DbSharing.Tests.Replication;

public sealed class PeerSelectionTests
{
    private static readonly NodeAddress[] Hundred = [.. Enumerable.Range(1, 100).Select(Node.Peer)];
    private static readonly HashSet<NodeAddress> Nobody = [];

    [Test]
    public void All_are_chosen_while_they_are_at_most_twice_the_fan_out() =>
        Assert.That(PeerSelection.Select(Hundred[..8], Nobody, 4, _ => false, new Random(1)), Is.EqualTo(Hundred[..8]));

    [Test]
    public void One_more_and_only_the_fan_out_is_chosen()
    {
        var chosen = PeerSelection.Select(Hundred[..9], Nobody, 4, _ => false, new Random(1));

        Assert.That(chosen, Has.Count.EqualTo(4));
        Assert.That(chosen, Is.Unique.And.SubsetOf(Hundred[..9]));
    }

    [Test]
    public void Own_addresses_and_repetitions_are_dropped_under_any_spelling()
    {
        NodeAddress[] listed = [NodeAddress.Parse("http://me.example/"), Node.Peer(1), NodeAddress.Parse("HTTP://PEER1.example:80/"), NodeAddress.Parse("http://ME.example")];

        Assert.That(PeerSelection.Select(listed, new HashSet<NodeAddress> { NodeAddress.Parse("http://me.example") }, 4, _ => false, new Random(1)), Is.EqualTo(new[] { Node.Peer(1) }));
    }

    [Test]
    public void Repetitions_do_not_count_towards_the_fan_out()
    {
        NodeAddress[] listed = [.. Enumerable.Repeat(Node.Peer(1), 50), .. Hundred[..8]];

        Assert.That(PeerSelection.Select(listed, Nobody, 4, _ => false, new Random(1)), Is.EqualTo(Hundred[..8]));
    }

    [Test]
    public void Half_of_the_chosen_have_been_good_for_long([Range(1, 20)] int seed)
    {
        var proven = Hundred[40..50].ToHashSet();

        var chosen = PeerSelection.Select(Hundred, Nobody, 8, proven.Contains, new Random(seed));

        Assert.That(chosen, Has.Count.EqualTo(8));
        Assert.That(chosen, Is.Unique);
        Assert.That(chosen.Take(4), Is.SubsetOf(proven));
    }

    [Test]
    public void Fewer_good_ones_leave_their_places_to_chance()
    {
        var chosen = PeerSelection.Select(Hundred, Nobody, 8, peer => peer == Node.Peer(77), new Random(1));

        Assert.That(chosen, Has.Count.EqualTo(8));
        Assert.That(chosen, Is.Unique.And.Contains(Node.Peer(77)));
    }

    [Test]
    public void Everybody_has_a_turn_sooner_or_later()
    {
        var random = new Random(1);
        var met = new HashSet<NodeAddress>();
        for (var round = 0; round < 500; round++)
            met.UnionWith(PeerSelection.Select(Hundred, Nobody, 8, peer => peer == Node.Peer(1), random));

        Assert.That(met, Is.EquivalentTo(Hundred));
    }

    [Test]
    public void Same_seed_makes_the_same_choice() =>
        Assert.That(
            PeerSelection.Select(Hundred, Nobody, 8, _ => false, new Random(5)),
            Is.EqualTo(PeerSelection.Select(Hundred, Nobody, 8, _ => false, new Random(5))));

    [Test]
    public void Greatest_fan_out_chooses_all() =>
        Assert.That(PeerSelection.Select(Hundred, Nobody, int.MaxValue, _ => false, new Random(1)), Is.EqualTo(Hundred));
}
