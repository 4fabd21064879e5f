using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What every <see cref="ILinktreeChangeFeed"/> does: one test for each sentence of the interface, with the store that
/// implements it. The store derives <see cref="LinktreeStoreContract{TStore}"/> as well.
/// </summary>
/// <remarks>
/// A store that keeps its changes when it is closed derives <see cref="DurableLinktreeChangeFeedContract{TStore}"/>
/// instead.
/// </remarks>
/// <typeparam name="TStore">The store.</typeparam>
public abstract partial class LinktreeChangeFeedContract<TStore>(IStoreFactory<TStore> factory) : StoreFixture<TStore>(factory)
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    [Test]
    public async Task Change_has_its_kind_and_both_versions()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        var inserted = Create(uuid: "a", timestamp: 1000);
        var replacing = Create(uuid: "a", timestamp: 2000);
        var deleting = Create(uuid: "a", timestamp: 3000, deleted: true);
        var evicting = Create(uuid: "b", timestamp: 4000);
        var tombstoneOnly = Create(author: 2, uuid: "c", deleted: true);
        var feed = await FollowAsync(store);
        await store.PutAsync([inserted, replacing, deleting]);
        await store.PutAsync([evicting]);
        await store.PutAsync([tombstoneOnly]);

        Assert.That(await feed.ReadToEndAsync(), Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Inserted, inserted.Key, inserted.Version, null),
            new(LinktreeChangeKind.Replaced, inserted.Key, replacing.Version, inserted.Version),
            new(LinktreeChangeKind.Deleted, inserted.Key, deleting.Version, replacing.Version),
            new(LinktreeChangeKind.Evicted, inserted.Key, null, deleting.Version),
            new(LinktreeChangeKind.Inserted, evicting.Key, evicting.Version, null),
            new(LinktreeChangeKind.Deleted, tombstoneOnly.Key, tombstoneOnly.Version, null),
        }));
    }

    [Test]
    public async Task Eviction_precedes_the_record_that_takes_the_space()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);
        var feed = await FollowAsync(store);
        await store.PutAsync([.. Enumerable.Range(0, 5).Select(i => Create(uuid: $"u{i}", timestamp: i))]);

        var changes = await feed.ReadToEndAsync();

        Assert.That(
            changes.Select(change => (change.Kind, change.Key.Uuid)).Skip(2),
            Is.EqualTo(new[]
            {
                (LinktreeChangeKind.Evicted, "u0"), (LinktreeChangeKind.Inserted, "u2"),
                (LinktreeChangeKind.Evicted, "u1"), (LinktreeChangeKind.Inserted, "u3"),
                (LinktreeChangeKind.Evicted, "u2"), (LinktreeChangeKind.Inserted, "u4"),
            }));
    }

    [Test]
    public async Task Version_that_was_removed_before_the_reader_started_does_not_occur()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);
        await store.PutAsync([Create(uuid: "evicted", timestamp: 1), Create(uuid: "a", timestamp: 2), Create(uuid: "a", timestamp: 3)]);
        await store.PutAsync([Create(uuid: "b", timestamp: 4)]);

        var changes = await new FollowedFeed(store).ReadToEndAsync(1);

        Assert.That(
            changes.Select(change => (change.Kind, change.Added!.Value.Timestamp)),
            Is.EqualTo(new[] { (LinktreeChangeKind.Inserted, 3L), (LinktreeChangeKind.Inserted, 4L) }));
    }

    [Test]
    public async Task Replacement_of_a_version_that_does_not_occur_is_an_insertion_or_a_deletion()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);
        await store.PutAsync([Create(uuid: "a", timestamp: 2000), Create(uuid: "b", timestamp: 2000, deleted: true)]);

        var changes = await new FollowedFeed(store).ReadToEndAsync();

        Assert.That(
            changes.Select(change => (change.Kind, change.Key.Uuid)),
            Is.EqualTo(new[] { (LinktreeChangeKind.Inserted, "a"), (LinktreeChangeKind.Deleted, "b") }));
        Assert.That(changes.Select(change => change.Removed), Is.All.Null);
    }

    [Test]
    public async Task Version_that_is_removed_after_the_reader_started_occurs_and_is_removed_by_a_later_change()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 3);
        await store.PutAsync([Create(uuid: "a", timestamp: 1), Create(uuid: "b", timestamp: 2), Create(uuid: "c", timestamp: 3)]);
        var first = await store.ReadChangesAsync(ChangePosition.Start, 1);

        await store.PutAsync([Create(uuid: "b", timestamp: 4), Create(uuid: "b", timestamp: 5), Create(uuid: "d", timestamp: 6)]);
        var rest = (await store.ReadChangesAsync(first.Next, 10)).Changes;

        Assert.That(first.Changes.Single().Key.Uuid, Is.EqualTo("a"));
        Assert.That(
            rest.Select(change => (change.Kind, change.Key.Uuid, change.Added?.Timestamp, change.Removed?.Timestamp)),
            Is.EqualTo(new (LinktreeChangeKind, string, long?, long?)[]
            {
                (LinktreeChangeKind.Inserted, "b", 2, null),
                (LinktreeChangeKind.Inserted, "c", 3, null),
                (LinktreeChangeKind.Replaced, "b", 4, 2),
                (LinktreeChangeKind.Replaced, "b", 5, 4),
                (LinktreeChangeKind.Evicted, "a", null, 1),
                (LinktreeChangeKind.Inserted, "d", 6, null),
            }));
    }

    [Test]
    public async Task Record_that_is_not_stored_makes_no_change()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1, maxRecords: 1);
        await store.PutAsync([Create(timestamp: 2000)]);
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();

        var outcomes = await store.PutAsync(
            [Create(timestamp: 2000), Create(timestamp: 1000), Create(uuid: "older", timestamp: 1), Create(author: 2)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Superseded, PutOutcome.Superseded, PutOutcome.Full }));
        Assert.That(await feed.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task Record_that_is_evicted_for_room_is_a_change_of_its_own()
    {
        var store = await NewStoreAsync(maxRecords: 2);
        await store.PutAsync([Create(1, "a", 1000), Create(2, "b", 1000)]);
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();

        await store.PutAsync([Create(1, "c", 2000)]);

        Assert.That(
            (await feed.ReadToEndAsync()).Select(change => (change.Kind, change.Key.Uuid)),
            Is.EqualTo(new[] { (LinktreeChangeKind.Evicted, "a"), (LinktreeChangeKind.Inserted, "c") }));
    }

    [Test]
    public async Task Pages_of_changes_are_full_until_the_end_of_the_feed([Values(1, 3, 10, 11, int.MaxValue)] int limit)
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [.. Enumerable.Range(0, 10).Select(i => Create(author: i))];
        await store.PutAsync(records);

        // Each version that was removed is between two that are stored.
        await store.PutAsync([.. records.Where((_, i) => i % 2 == 0).Select((_, i) => Create(author: 2 * i, timestamp: 2000))]);
        LinktreeKey[] expected = [.. records.Where((_, i) => i % 2 == 1).Concat(records.Where((_, i) => i % 2 == 0)).Select(record => record.Key)];

        var keys = new List<LinktreeKey>();
        var position = ChangePosition.Start;
        ChangePage page;
        do
        {
            page = await store.ReadChangesAsync(position, limit);
            Assert.That(page.Changes, Has.Count.EqualTo(Math.Min(limit, expected.Length - keys.Count)));
            keys.AddRange(page.Changes.Select(change => change.Key));
            position = page.Next;
        }
        while (page.Changes.Count > 0);

        Assert.That(keys, Is.EqualTo(expected));
    }

    [Test]
    public async Task Feed_is_the_same_for_all_readers_and_continues_at_the_position_of_each()
    {
        var store = await NewStoreAsync();
        var one = await FollowAsync(store);
        await store.PutAsync([Create(uuid: "a")]);
        var two = await FollowAsync(store);
        await one.ReadToEndAsync();
        await store.PutAsync([Create(uuid: "b"), Create(uuid: "b", timestamp: 2000)]);

        var changes = await one.ReadToEndAsync();

        Assert.That(changes.Select(change => change.Kind), Is.EqualTo(new[] { LinktreeChangeKind.Inserted, LinktreeChangeKind.Replaced }));
        Assert.That(await two.ReadToEndAsync(), Is.EqualTo(changes));
    }

    [Test]
    public async Task Latest_is_the_end_of_the_feed()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "before")]);

        var end = await store.ReadChangesAsync(ChangePosition.Latest, 10);
        await store.PutAsync([Create(uuid: "after")]);
        var next = await store.ReadChangesAsync(end.Next, 10);

        Assert.That((end.Changes, end.IsTrimmed), Is.EqualTo((Array.Empty<LinktreeChange>(), false)));
        Assert.That(next.Changes.Select(change => change.Key.Uuid), Is.EqualTo(new[] { "after" }));
    }

    [Test]
    public async Task Latest_of_an_empty_store_is_before_its_first_change()
    {
        var store = await NewStoreAsync();
        var end = await store.ReadChangesAsync(ChangePosition.Latest, 10);
        await store.PutAsync([Create()]);

        Assert.That((await store.ReadChangesAsync(end.Next, 10)).Changes, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Changes_carry_uuids_that_differ_in_any_UTF_16_unit()
    {
        string[] uuids = ["a", "A", "a ", "a\u0001", "é", "e\u0301", "\ufffd", "😀", "😁", "\u212b", new string('\uffee', 128)];
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        SignedLinktree[] records = [.. uuids.Select((uuid, i) => Create(uuid: uuid, timestamp: i))];
        await store.PutAsync(records);

        var changes = await new FollowedFeed(store).ReadToEndAsync();

        Assert.That(changes.Select(change => change.Key), Is.EqualTo(records.Select(record => record.Key)));
    }

    [Test]
    public async Task Batch_that_is_canceled_while_it_runs_has_all_its_changes_or_none()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        using var source = new CancellationTokenSource();
        SignedLinktree[] records = [.. Enumerable.Range(0, 100).Select(i => Create(uuid: $"u{i}", timestamp: i))];

        try
        {
            await store.PutAsync(new CancelingBatch<SignedLinktree>(records, 50, source), source.Token);
        }
        catch (OperationCanceledException)
        {
            // Whether the batch was stored is what the changes are compared with.
        }

        Assert.That(await new FollowedFeed(store).ReadToEndAsync(), Has.Count.EqualTo((await ListAllAsync(store)).Count));
    }

    [Test]
    public async Task Invalid_limit_throws()
    {
        var store = await NewStoreAsync();

        Assert.That(async () => await store.ReadChangesAsync(ChangePosition.Start, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(async () => await store.ReadChangesAsync(ChangePosition.Start, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Canceled_read_throws()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create()]);
        var canceled = new CancellationToken(canceled: true);

        Assert.That(
            async () => await store.ReadChangesAsync(ChangePosition.Start, 1, canceled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 1)).Changes, Has.Count.EqualTo(1), "the store continues to work");
    }

    [Test]
    public async Task Summary_of_an_engine_follows_the_store_and_is_rebuilt_after_the_feed_was_trimmed()
    {
        var store = await NewStoreAsync();
        var engine = EngineWithoutPeers.Create(store);
        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize([])));
        await store.PutAsync([Create(author: 2, deleted: true), Create(author: 3)]);
        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(await ListAllAsync(store))));

        foreach (var batch in Enumerable.Range(0, RetainedChanges + 2).Select(i => Create(timestamp: i)).Chunk(512))
            await store.PutAsync(batch);

        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(await ListAllAsync(store))));
    }

    /// <summary>Starts a reader at the end of the feed.</summary>
    private protected static async Task<FollowedFeed> FollowAsync(TStore store) =>
        new(store, (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next);
}
