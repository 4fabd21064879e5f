using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.StoreContract;

/// <summary>What every <see cref="ILinktreeStore"/> does that keeps its records when it is closed.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class DurableLinktreeStoreContract<TStore> : LinktreeStoreContract<TStore>
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    /// <summary>Closes a store and opens another over the same data, with other settings and another clock.</summary>
    protected abstract ValueTask<TStore> ReopenAsync(TStore store, DbSharingOptions options, TimeProvider timeProvider);

    [Test]
    public async Task Everything_is_there_after_reopening()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [.. Enumerable.Range(0, 700).Select(i => Create(author: i % 100, uuid: $"u{i}", timestamp: i, deleted: i % 9 == 0))];
        await store.PutAsync(records);
        var changes = await new FollowedFeed(store).ReadOnAsync();

        var reopened = Track(await ReopenAsync(store, Options(), TimeProvider.System));

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(records));
        Assert.That(await new FollowedFeed(reopened).ReadOnAsync(), Is.EqualTo(changes));
        Assert.That(await reopened.PutAsync(records), Has.All.EqualTo(PutOutcome.Unchanged));
    }

    [Test]
    public async Task Positions_and_the_bound_hold_over_reopening()
    {
        var store = await NewStoreAsync(maxRecords: 2);
        await store.PutAsync([Create(author: 1), Create(author: 2)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        var reopened = Track(await ReopenAsync(store, Options(maxRecords: 2), TimeProvider.System));
        var outcomes = await reopened.PutAsync([Create(author: 3), Create(author: 1, timestamp: 2000)]);
        var page = await reopened.ReadChangesAsync(position, 10);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced }));
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((false, 1)));
    }

    [Test]
    public async Task Lowered_limit_trims_authors_to_their_newest_on_opening()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 8);
        SignedLinktree[] records = [.. Enumerable.Range(0, 24).Select(i => Create(author: i % 4, uuid: $"u{i}", timestamp: 100 - i))];
        await store.PutAsync(records);
        var feed = new FollowedFeed(store);
        await feed.ReadOnAsync();
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        var reopened = Track(await ReopenAsync(store, Options(linktreesPerAuthor: 2), TimeProvider.System));

        var model = LinktreeModel.StateAfter(records, 2);
        Assert.That(await ListAllAsync(reopened), Is.EqualTo(model));
        var changes = (await reopened.ReadChangesAsync(position, 100)).Changes;
        Assert.That(changes.Select(change => (change.Kind, change.Removed!.Value)), Is.EquivalentTo(records.Except(model).Select(record => (LinktreeChangeKind.Evicted, record.Version))));
        Assert.That(await new LinktreeIndex(reopened, reopened).GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(model)));
    }

    [Test]
    public async Task Raised_limit_takes_effect_on_opening()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        await store.PutAsync([Create(uuid: "a", timestamp: 1000)]);

        var reopened = Track(await ReopenAsync(store, Options(linktreesPerAuthor: 2), TimeProvider.System));
        await reopened.PutAsync([Create(uuid: "b", timestamp: 2000)]);

        Assert.That(await ListAllAsync(reopened), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Records_beyond_the_clocks_allowance_are_dropped_on_opening_and_may_come_back()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var allowed = now.ToUnixTimeMilliseconds() + (long)Options().MaxClockSkew.TotalMilliseconds;
        SignedLinktree[] records =
        [
            Create(author: 1, timestamp: 1000), Create(author: 2, timestamp: allowed), Create(author: 3, timestamp: allowed + 1), Create(author: 4, timestamp: (1L << 53) - 1, deleted: true),
        ];
        var store = await NewStoreAsync();
        await store.PutAsync(records);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        var reopened = Track(await ReopenAsync(store, Options(), new SteppedClock(now)));

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(records[..2]));
        Assert.That((await reopened.ReadChangesAsync(position, 100)).Changes.Select(change => (change.Kind, change.Key)), Is.EquivalentTo(new[]
        {
            (LinktreeChangeKind.Evicted, records[2].Key), (LinktreeChangeKind.Evicted, records[3].Key),
        }));
        Assert.That(await reopened.PutAsync(records[2..]), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Lowered_bound_keeps_what_is_held_and_refuses_new_authors()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [Create(author: 1, timestamp: 1), Create(author: 2, timestamp: 2), Create(author: 3, timestamp: 3)];
        await store.PutAsync(records);

        var reopened = Track(await ReopenAsync(store, Options(maxRecords: 1), TimeProvider.System));

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(records));
        Assert.That(await reopened.PutAsync([Create(author: 4), Create(author: 3, timestamp: 4)]), Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced }));
    }

    [Test]
    public async Task Lowered_number_of_changes_trims_by_the_next_write()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([.. Enumerable.Range(0, 100).Select(i => Create(timestamp: i))]);
        var options = Options();
        options.MaxRetainedChanges = 10;

        var reopened = Track(await ReopenAsync(store, options, TimeProvider.System));
        await reopened.PutAsync([Create(timestamp: 100)]);

        Assert.That((await reopened.ReadChangesAsync(ChangePosition.Start, 1)).IsTrimmed, Is.True);
    }
}
