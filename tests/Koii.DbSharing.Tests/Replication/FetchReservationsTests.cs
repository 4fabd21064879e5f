using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FetchReservationsTests
{
    private readonly FakeClock _clock = new();
    private readonly FetchReservations _reservations;

    public FetchReservationsTests()
    {
        _reservations = new FetchReservations(_clock);
        _reservations.Enter();
    }

    [Test]
    public void Each_id_is_reserved_for_one_pull()
    {
        var (first, second) = (Ids(3), Ids(3));

        Assert.That(_reservations.Reserve(first, 2).Ids, Is.EquivalentTo(Ids(3).Take(2)));
        Assert.That(_reservations.Reserve(second, 2).Ids, Is.EquivalentTo(Ids(3).Skip(2)));
        Assert.That((first.Count, second.Count), Is.EqualTo((1, 2)), "what is not reserved stays open");
        Assert.That(_reservations.Reserve(second, 2).Ids, Is.Empty);
    }

    [Test]
    public void Delivered_records_are_no_longer_open_for_others()
    {
        var reservation = _reservations.Reserve(Ids(2), 2);
        _reservations.Release(reservation, new HashSet<LinktreeId>(Ids(1)));

        var open = Ids(2);
        Assert.That(_reservations.Reserve(open, 2).Ids, Is.EquivalentTo(Ids(1)), "what was not delivered");
        Assert.That(open, Is.Empty);
    }

    [Test]
    public void What_was_delivered_is_forgotten_when_no_pull_fetches()
    {
        _reservations.Release(_reservations.Reserve(Ids(1), 1), new HashSet<LinktreeId>());
        _reservations.Leave();
        _reservations.Enter();

        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.EquivalentTo(Ids(1)));
    }

    [Test]
    public void Reservation_expires_and_its_late_end_does_not_end_the_next_one()
    {
        var slow = _reservations.Reserve(Ids(1), 1);
        _clock.Advance(FetchReservations.Lifetime);
        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.EquivalentTo(Ids(1)));

        _reservations.Release(slow, slow.Ids);
        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.Empty);
    }

    [Test]
    public async Task Wait_ends_with_a_reservation_or_after_its_lifetime()
    {
        var reservation = _reservations.Reserve(Ids(1), 1);
        var released = _reservations.WaitAsync(CancellationToken.None);
        Assert.That(released.IsCompleted, Is.False);
        _reservations.Release(reservation, reservation.Ids);
        await released;

        var expired = _reservations.WaitAsync(CancellationToken.None);
        Assert.That(expired.IsCompleted, Is.False);
        _clock.Advance(FetchReservations.Lifetime);
        await expired;
    }

    private static HashSet<LinktreeId> Ids(int count) => [.. Enumerable.Range(1, count).Select(i => Samples.Linktree((byte)i).Id)];
}
