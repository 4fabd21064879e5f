using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.Tests.Storage;

/// <summary>The store answers at once, so a reader stands still only at its wait, which the clock ends.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class FollowChangesTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly ManualTimeProvider _clock = new();
    private readonly InMemoryLinktreeStore _store = new(Options());

    [Test]
    public async Task Changes_that_are_there_come_at_once_and_later_ones_after_the_interval()
    {
        await _store.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);
        await using var changes = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock).GetAsyncEnumerator();
        Assert.That(await NextUuidAsync(changes), Is.EqualTo("a"));
        Assert.That(await NextUuidAsync(changes), Is.EqualTo("b"));

        var next = changes.MoveNextAsync().AsTask();
        await _store.PutAsync([Create(uuid: "c")]);
        _clock.Advance(Interval - TimeSpan.FromMilliseconds(1));
        Assert.That(next.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(await next, Is.True);
        Assert.That(changes.Current.Key.Uuid, Is.EqualTo("c"));
    }

    [Test]
    public async Task Reader_that_finds_nothing_waits_again()
    {
        await using var changes = _store.FollowChangesAsync(ChangePosition.Latest, Interval, _clock).GetAsyncEnumerator();
        var next = changes.MoveNextAsync().AsTask();
        for (var i = 0; i < 3; i++)
        {
            await AdvanceAsync(next);
            Assert.That(next.IsCompleted, Is.False);
        }

        await _store.PutAsync([Create()]);
        await AdvanceAsync(next);

        Assert.That(await next, Is.True);
    }

    [Test]
    public async Task Latest_leaves_out_what_was_before()
    {
        await _store.PutAsync([Create(uuid: "before")]);
        await using var changes = _store.FollowChangesAsync(ChangePosition.Latest, Interval, _clock).GetAsyncEnumerator();
        var next = changes.MoveNextAsync().AsTask();
        await _store.PutAsync([Create(uuid: "after")]);
        await AdvanceAsync(next);

        Assert.That(await next, Is.True);
        Assert.That(changes.Current.Key.Uuid, Is.EqualTo("after"));
    }

    [Test]
    public async Task Backlog_is_read_without_waiting()
    {
        foreach (var page in Enumerable.Range(0, 1500).Select(i => Create(timestamp: i)).Chunk(500))
            await _store.PutAsync(page);
        await using var changes = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock).GetAsyncEnumerator();

        for (var i = 0; i < 1500; i++)
        {
            Assert.That(await changes.MoveNextAsync(), Is.True);
            Assert.That(changes.Current.Added!.Value.Timestamp, Is.EqualTo(i));
        }

        Assert.That(_clock.ArmedTimers, Is.Zero);
    }

    [Test]
    public async Task Trimmed_feed_is_an_exception_that_says_where_to_go_on()
    {
        await OutgrowTheFeedAsync();
        await using var behind = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock).GetAsyncEnumerator();

        var trimmed = (await Assert.ThrowsAsync<ChangesTrimmedException>(async () => await behind.MoveNextAsync()))!;
        await _store.PutAsync([Create(uuid: "after")]);
        await using var changes = _store.FollowChangesAsync(trimmed.Next, Interval, _clock).GetAsyncEnumerator();

        Assert.That(trimmed.Message, Does.Contain("List the store").And.Contain("MaxRetainedChanges").And.Contain("ChangeRetention"));
        Assert.That(await NextUuidAsync(changes), Is.EqualTo("after"));
    }

    [Test]
    public async Task Trimmed_feed_is_a_page_of_its_own_among_pages_and_they_go_on()
    {
        await OutgrowTheFeedAsync();
        await using var pages = _store.FollowChangePagesAsync(ChangePosition.Start, Interval, _clock).GetAsyncEnumerator();

        Assert.That(await pages.MoveNextAsync(), Is.True);
        Assert.That((pages.Current.IsTrimmed, pages.Current.Changes.Count), Is.EqualTo((true, 0)));
        await _store.PutAsync([Create(uuid: "after")]);
        var next = pages.MoveNextAsync().AsTask();
        await AdvanceAsync(next);

        Assert.That(await next, Is.True);
        Assert.That((pages.Current.IsTrimmed, pages.Current.Changes.Single().Key.Uuid), Is.EqualTo((false, "after")));
    }

    [Test]
    public async Task Page_says_where_to_go_on_after_a_restart()
    {
        await _store.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);
        ChangePosition kept = default;
        await foreach (var page in _store.FollowChangePagesAsync(ChangePosition.Start, Interval, _clock))
        {
            kept = page.Next;
            break;
        }

        await _store.PutAsync([Create(uuid: "c")]);
        await using var changes = _store.FollowChangesAsync(kept, Interval, _clock).GetAsyncEnumerator();

        Assert.That(await NextUuidAsync(changes), Is.EqualTo("c"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Cancellation_ends_the_wait(bool byEnumerator)
    {
        using var source = new CancellationTokenSource();
        var sequence = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock, byEnumerator ? default : source.Token);
        await using var changes = sequence.GetAsyncEnumerator(byEnumerator ? source.Token : default);
        var next = changes.MoveNextAsync().AsTask();
        Assert.That(_clock.ArmedTimers, Is.EqualTo(1));

        await source.CancelAsync();

        Assert.That(async () => await next, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_clock.ArmedTimers, Is.Zero);
    }

    [Test]
    public void Broken_calls_are_refused_before_anything_is_enumerated()
    {
        Assert.That(() => LinktreeChangeFeedExtensions.FollowChangesAsync(null!, default, Interval), Throws.ArgumentNullException);
        Assert.That(() => _store.FollowChangesAsync(default, TimeSpan.Zero), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => _store.FollowChangePagesAsync(default, Timeout.InfiniteTimeSpan), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Moves the clock by an interval once the reader has armed its wait.</summary>
    private async Task AdvanceAsync(Task reader)
    {
        while (_clock.ArmedTimers == 0 && !reader.IsCompleted)
            await Task.Yield();
        _clock.Advance(Interval);
    }

    private async Task OutgrowTheFeedAsync()
    {
        foreach (var page in Enumerable.Range(0, (2 * ChangesKept) + 1).Select(i => Create(timestamp: i)).Chunk(512))
            await _store.PutAsync(page);
    }

    private static async Task<string> NextUuidAsync(IAsyncEnumerator<LinktreeChange> changes)
    {
        Assert.That(await changes.MoveNextAsync(), Is.True);
        return changes.Current.Key.Uuid;
    }
}
