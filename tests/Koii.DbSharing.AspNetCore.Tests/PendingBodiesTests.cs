using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The bounds of request bodies that have not arrived, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PendingBodiesTests
{
    private readonly FakeClock _clock = new();
    private readonly List<string> _ended = [];

    [Test]
    public void Defaults_are_those_of_the_documentation() =>
        Assert.That((PendingBodies.DefaultMaxBodies, PendingBodies.DefaultMaxBytes), Is.EqualTo((1024, 16L * 1024 * 1024)));

    [Test]
    public void Slowest_old_body_is_ended_for_a_new_one()
    {
        var bodies = new PendingBodies(_clock, maxBodies: 3);
        Add(bodies, "fast", bytes: 1000);
        Add(bodies, "slow", bytes: 10);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Add(bodies, "young", bytes: 1);

        Assert.That(Add(bodies, "new"), Is.Not.Null);
        Assert.That(_ended, Is.EqualTo(new[] { "slow" }));
    }

    [Test]
    public void Rate_counts_and_not_the_number_of_bytes()
    {
        var bodies = new PendingBodies(_clock, maxBodies: 2);
        Add(bodies, "long", bytes: 300);
        _clock.Advance(TimeSpan.FromSeconds(100));
        Add(bodies, "short", bytes: 200);
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.That(Add(bodies, "new"), Is.Not.Null);
        Assert.That(_ended, Is.EqualTo(new[] { "long" }));
    }

    [Test]
    public void New_body_is_refused_while_all_others_are_young()
    {
        var bodies = new PendingBodies(_clock, maxBodies: 1);
        Add(bodies, "young");
        _clock.Advance(PendingBodies.MinAge);

        Assert.That(Add(bodies, "new"), Is.Null);
        Assert.That(_ended, Is.Empty);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That(Add(bodies, "new"), Is.Not.Null);
    }

    [Test]
    public void Bytes_of_all_bodies_are_bounded()
    {
        var bodies = new PendingBodies(_clock, maxBytes: 1000);
        var held = Add(bodies, "held", bytes: 900)!;
        Add(bodies, "empty");
        var growing = Add(bodies, "growing", bytes: 50)!;

        Assert.That(bodies.TryCount(growing, 51), Is.False, "all are young");
        Assert.That(bodies.TryCount(growing, 50), Is.True);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.That(Add(bodies, "new", bytes: 1), Is.Not.Null);
        Assert.That(_ended, Is.EqualTo(new[] { "growing" }), "the slowest of those whose end makes room");

        bodies.Remove(held);
        Assert.That(Add(bodies, "another", bytes: 999), Is.Not.Null);
    }

    [Test]
    public void Body_that_is_the_slowest_itself_is_ended()
    {
        var bodies = new PendingBodies(_clock, maxBytes: 1000);
        var slow = Add(bodies, "slow", bytes: 10)!;
        _clock.Advance(TimeSpan.FromSeconds(3));
        Add(bodies, "young", bytes: 990);

        Assert.That(bodies.TryCount(slow, 1), Is.False);
        Assert.That(_ended, Is.EqualTo(new[] { "slow" }));
        Assert.That(Add(bodies, "new", bytes: 10), Is.Not.Null, "its bytes are released");
    }

    [Test]
    public void Body_that_was_ended_counts_nothing_more()
    {
        var bodies = new PendingBodies(_clock, maxBodies: 1, maxBytes: 1000);
        var ended = Add(bodies, "ended")!;
        _clock.Advance(TimeSpan.FromSeconds(3));
        Add(bodies, "new");

        Assert.That(bodies.TryCount(ended, 1000), Is.False);
        bodies.Remove(ended);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.That(Add(bodies, "newest", bytes: 1000), Is.Not.Null);
    }

    private PendingBody? Add(PendingBodies bodies, string name, int bytes = 0) => bodies.TryAdd(bytes, () => _ended.Add(name));
}
