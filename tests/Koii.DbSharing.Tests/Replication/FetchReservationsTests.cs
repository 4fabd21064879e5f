using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FetchReservationsTests
{
    private readonly FakeClock _clock = new();
    private readonly FetchReservations _reservations;

    public FetchReservationsTests() => _reservations = new FetchReservations(_clock);

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
    public void What_was_delivered_is_forgotten_after_a_minute_and_when_the_store_may_have_lost_it([Values] bool storeFailed)
    {
        _reservations.Release(_reservations.Reserve(Ids(1), 1), new HashSet<LinktreeId>());
        if (storeFailed)
            _reservations.Clear();
        else
            _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.EquivalentTo(Ids(1)));
    }

    [Test]
    public void Record_that_was_not_delivered_is_fetched_by_any_pull_and_reserved_by_none([Values] bool inTime)
    {
        var hostile = _reservations.Reserve(Ids(1), 1);
        if (inTime)
            _reservations.Release(hostile, hostile.Ids);
        else
            _clock.Advance(FetchReservations.Lifetime);

        var alsoHostile = _reservations.Reserve(Ids(1), 1);
        Assert.That(alsoHostile.Ids, Is.EquivalentTo(Ids(1)));
        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.EquivalentTo(Ids(1)), "at the same time");
        _reservations.Release(alsoHostile, alsoHostile.Ids);
        Assert.That(_reservations.Reserve(Ids(1), 1).Ids, Is.EquivalentTo(Ids(1)));
    }

    [Test]
    public async Task Wait_ends_with_a_reservation_or_when_the_first_one_expires()
    {
        var reservation = _reservations.Reserve(Ids(1), 1);
        _clock.Advance(TimeSpan.FromSeconds(3));
        var empty = _reservations.Reserve(Ids(1), 1);

        var expired = _reservations.WaitAsync(empty, CancellationToken.None);
        _clock.Advance(FetchReservations.Lifetime - TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        Assert.That(expired.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromTicks(1));
        await expired;

        var released = _reservations.WaitAsync(empty, CancellationToken.None);
        _reservations.Release(reservation, reservation.Ids);
        await released;
    }

    [Test]
    public async Task Reservation_that_ends_before_the_wait_begins_ends_it()
    {
        var reservation = _reservations.Reserve(Ids(1), 1);
        var empty = _reservations.Reserve(Ids(1), 1);
        _reservations.Release(reservation, reservation.Ids);

        await _reservations.WaitAsync(empty, CancellationToken.None);
    }

    private static HashSet<LinktreeId> Ids(int count) => [.. Enumerable.Range(1, count).Select(i => Samples.Linktree((byte)i).Id)];
}
