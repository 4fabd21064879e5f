using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Tests.Storage;

/// <summary>The store completes synchronously, so a reader waits only for its delay, which the clock ends.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LinktreeChangeFeedExtensionsTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly FakeClock _clock = new();
    private readonly InMemoryLinktreeStore _store = new(Options());

    [Test]
    public async Task Existing_changes_are_returned_at_once_and_later_ones_after_the_interval()
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
    public async Task Reader_that_finds_no_change_polls_again()
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
    public async Task Latest_skips_earlier_changes()
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
    public async Task Existing_changes_are_read_without_a_delay()
    {
        await _store.PutAsync([.. Enumerable.Range(0, 1500).Select(i => Create(author: i, timestamp: i))]);
        await using var changes = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock).GetAsyncEnumerator();

        for (var i = 0; i < 1500; i++)
        {
            var next = changes.MoveNextAsync();
            Assert.That((next.IsCompleted, await next), Is.EqualTo((true, true)), "no delay");
            Assert.That(changes.Current.Added!.Value.Timestamp, Is.EqualTo(i));
        }
    }

    [Test]
    public async Task Trimmed_feed_throws_an_exception_with_the_position_from_which_all_that_is_stored_is_returned()
    {
        await using var behind = _store.FollowChangesAsync(await TrimmedPositionAsync(), Interval, _clock).GetAsyncEnumerator();

        var trimmed = (await Assert.ThrowsAsync<ChangesTrimmedException>(async () => await behind.MoveNextAsync()))!;
        await _store.PutAsync([Create(uuid: "after")]);
        await using var changes = _store.FollowChangesAsync(trimmed.Next, Interval, _clock).GetAsyncEnumerator();

        Assert.That(trimmed.Message, Does.Contain("Discard what is derived").And.Contain("MaxRetainedChanges").And.Contain("ChangeRetention"));
        Assert.That(await NextUuidAsync(changes), Is.EqualTo("replaced"));
        Assert.That(await NextUuidAsync(changes), Is.EqualTo("after"));
    }

    [Test]
    public async Task Trimmed_feed_is_a_page_without_changes_and_the_sequence_continues_with_all_that_is_stored()
    {
        await using var pages = _store.FollowChangePagesAsync(await TrimmedPositionAsync(), Interval, _clock).GetAsyncEnumerator();

        Assert.That(await pages.MoveNextAsync(), Is.True);
        Assert.That((pages.Current.IsTrimmed, pages.Current.Changes.Count), Is.EqualTo((true, 0)));
        var next = pages.MoveNextAsync().AsTask();
        await AdvanceAsync(next);

        Assert.That(await next, Is.True);
        Assert.That((pages.Current.IsTrimmed, pages.Current.Changes.Single().Key.Uuid), Is.EqualTo((false, "replaced")));
    }

    [Test]
    public async Task Position_of_a_page_continues_after_a_restart()
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
    public async Task Cancellation_ends_the_delay(bool byEnumerator)
    {
        using var source = new CancellationTokenSource();
        var sequence = _store.FollowChangesAsync(ChangePosition.Start, Interval, _clock, byEnumerator ? default : source.Token);
        await using var changes = sequence.GetAsyncEnumerator(byEnumerator ? source.Token : default);
        var next = changes.MoveNextAsync().AsTask();
        Assert.That(next.IsCompleted, Is.False);

        await source.CancelAsync();

        Assert.That(async () => await next, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Invalid_arguments_throw_before_the_first_enumeration()
    {
        Assert.That(() => LinktreeChangeFeedExtensions.FollowChangesAsync(null!, default, Interval), Throws.ArgumentNullException);
        Assert.That(() => _store.FollowChangesAsync(default, TimeSpan.Zero), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => _store.FollowChangePagesAsync(default, Timeout.InfiniteTimeSpan), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Advances the clock by an interval once the reader has started its delay.</summary>
    private async Task AdvanceAsync(Task reader)
    {
        await Task.WhenAny(_clock.WhenTimerIsSetAsync(Interval), reader);
        _clock.Advance(Interval);
    }

    private async Task<ChangePosition> TrimmedPositionAsync()
    {
        await _store.PutAsync([Create(uuid: "replaced", timestamp: 0)]);
        var position = (await _store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await _store.PutAsync([.. Enumerable.Range(1, RetainedChanges + 1).Select(i => Create(uuid: "replaced", timestamp: i))]);
        return position;
    }

    private static async Task<string> NextUuidAsync(IAsyncEnumerator<LinktreeChange> changes)
    {
        Assert.That(await changes.MoveNextAsync(), Is.True);
        return changes.Current.Key.Uuid;
    }
}
