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
        await store.PutAsync([inserted, replacing, deleting]);
        await store.PutAsync([evicting]);
        await store.PutAsync([tombstoneOnly]);

        var changes = await new FollowedFeed(store).ReadToEndAsync();

        Assert.That(changes.Take(3), Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Inserted, inserted.Key, inserted.Version, null),
            new(LinktreeChangeKind.Replaced, inserted.Key, replacing.Version, inserted.Version),
            new(LinktreeChangeKind.Deleted, inserted.Key, deleting.Version, replacing.Version),
        }));
        Assert.That(changes.Skip(3).Take(2), Is.EquivalentTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Evicted, inserted.Key, null, deleting.Version),
            new(LinktreeChangeKind.Inserted, evicting.Key, evicting.Version, null),
        }));
        Assert.That(changes.Skip(5), Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Deleted, tombstoneOnly.Key, tombstoneOnly.Version, null),
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
    public async Task Pages_of_changes_are_full_until_the_end_of_the_feed([Values(1, 3, 10, 11, int.MaxValue)] int limit)
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [.. Enumerable.Range(0, 10).Select(i => Create(author: i))];
        await store.PutAsync(records);

        var keys = new List<LinktreeKey>();
        var position = ChangePosition.Start;
        ChangePage page;
        do
        {
            page = await store.ReadChangesAsync(position, limit);
            Assert.That(page.Changes, Has.Count.EqualTo(Math.Min(limit, records.Length - keys.Count)));
            keys.AddRange(page.Changes.Select(change => change.Key));
            position = page.Next;
        }
        while (page.Changes.Count > 0);

        Assert.That(keys, Is.EqualTo(records.Select(record => record.Key)));
    }

    [Test]
    public async Task Feed_is_the_same_for_all_readers_and_continues_at_the_position_of_each()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a")]);
        var early = new FollowedFeed(store);
        await early.ReadToEndAsync();
        await store.PutAsync([Create(uuid: "b"), Create(uuid: "a", timestamp: 2000)]);

        var later = await early.ReadToEndAsync();

        Assert.That(later.Select(change => change.Kind), Is.EqualTo(new[] { LinktreeChangeKind.Inserted, LinktreeChangeKind.Replaced }));
        Assert.That((await new FollowedFeed(store).ReadToEndAsync()).Skip(1), Is.EqualTo(later));
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
    public async Task Position_that_the_store_never_returned_is_trimmed()
    {
        var store = await NewStoreAsync();
        var other = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);
        await other.PutAsync([Create(uuid: "a")]);
        var own = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next.Value!;
        string[] unknown =
        [
            "", "garbage", "0", "-1", "1", "99999999999999999999999", own + "0", own + " ", own + "-",
            (await other.ReadChangesAsync(ChangePosition.Start, 1)).Next.Value!,
        ];

        foreach (var value in unknown)
        {
            var page = await store.ReadChangesAsync(new ChangePosition(value), 10);
            Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((true, 0)), $"position '{value}'");
            Assert.That(page.Next.Value, Is.EqualTo(own), "it continues at the end of the feed");
        }
    }

    [Test]
    public async Task Position_before_the_oldest_retained_change_is_trimmed()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        var behind = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await WriteVersionsAsync(store, 1, (2 * RetainedChanges) + 1);

        foreach (var old in new[] { ChangePosition.Start, behind })
        {
            var trimmed = await store.ReadChangesAsync(old, 10);
            Assert.That((trimmed.IsTrimmed, trimmed.Changes.Count), Is.EqualTo((true, 0)));
            Assert.That((await store.ReadChangesAsync(trimmed.Next, 10)).Changes, Is.Empty);
        }

        var end = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(timestamp: long.MaxValue >> 11)]);
        Assert.That((await store.ReadChangesAsync(end, 10)).Changes, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Newest_changes_are_retained()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        await WriteVersionsAsync(store, 1, RetainedChanges);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        await WriteVersionsAsync(store, 1L + RetainedChanges, RetainedChanges);

        var page = await store.ReadChangesAsync(position, int.MaxValue);
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((false, RetainedChanges)));
    }

    [Test]
    public async Task Changes_older_than_the_retention_are_trimmed_by_the_next_write()
    {
        var clock = new FakeClock();
        var options = Options();
        options.ChangeRetention = TimeSpan.FromHours(1);
        var store = await NewStoreAsync(options, clock);
        await store.PutAsync([Create(uuid: "a")]);
        var afterFirst = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        clock.Advance(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(uuid: "b")]);
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(2), "half an hour is within the retention");

        clock.Advance(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(uuid: "c")]);

        var trimmed = await store.ReadChangesAsync(ChangePosition.Start, 10);
        Assert.That((trimmed.IsTrimmed, trimmed.Changes.Count), Is.EqualTo((true, 0)));
        Assert.That((await store.ReadChangesAsync(trimmed.Next, 10)).Changes, Is.Empty, "it continues at the end of the feed");
        var page = await store.ReadChangesAsync(afterFirst, 10);
        Assert.That(
            (page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))),
            Is.EqualTo((false, "bc")),
            "a reader that has read the trimmed changes misses nothing");
    }

    [Test]
    public async Task Clock_that_is_set_back_changes_neither_the_order_nor_the_retained_changes()
    {
        var clock = new FakeClock();
        var options = Options();
        options.ChangeRetention = TimeSpan.FromHours(1);
        var store = await NewStoreAsync(options, clock);
        await store.PutAsync([Create(uuid: "a")]);
        clock.Advance(TimeSpan.FromDays(-1));
        await store.PutAsync([Create(uuid: "b")]);
        clock.Advance(TimeSpan.FromMinutes(1));
        await store.PutAsync([Create(uuid: "c")]);

        var page = await store.ReadChangesAsync(ChangePosition.Start, 10);

        Assert.That((page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))), Is.EqualTo((false, "abc")));
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

        await WriteVersionsAsync(store, 0, (2 * RetainedChanges) + 1);

        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(await ListAllAsync(store))));
    }

    private static async Task WriteVersionsAsync(TStore store, long first, int count)
    {
        foreach (var batch in Enumerable.Range(0, count).Select(i => Create(timestamp: first + i)).Chunk(512))
            await store.PutAsync(batch);
    }
}
