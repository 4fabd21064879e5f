using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    [Test]
    public async Task Each_change_names_its_kind_and_both_versions()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        var inserted = Create(uuid: "a", timestamp: 1000);
        var replacing = Create(uuid: "a", timestamp: 2000);
        var deleting = Create(uuid: "a", timestamp: 3000, deleted: true);
        var evicting = Create(uuid: "b", timestamp: 4000);
        var firstKnownAsDeleted = Create(author: 2, uuid: "c", deleted: true);
        await store.PutAsync([inserted, replacing, deleting]);
        await store.PutAsync([evicting]);
        await store.PutAsync([firstKnownAsDeleted]);

        var changes = await new FollowedFeed(store).ReadOnAsync();

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
        Assert.That(changes.Skip(5), Is.EqualTo(new LinktreeChange[] { new(LinktreeChangeKind.Deleted, firstKnownAsDeleted.Key, firstKnownAsDeleted.Version, null) }));
    }

    [Test]
    public async Task What_stores_nothing_changes_nothing()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1, maxRecords: 1);
        await store.PutAsync([Create(timestamp: 2000)]);
        var feed = new FollowedFeed(store);
        await feed.ReadOnAsync();

        var outcomes = await store.PutAsync([Create(timestamp: 2000), Create(timestamp: 1000), Create(uuid: "older", timestamp: 1), Create(author: 2)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Superseded, PutOutcome.Superseded, PutOutcome.Full }));
        Assert.That(await feed.ReadOnAsync(), Is.Empty);
    }

    [Test]
    public async Task Changes_come_in_pages_that_are_full_until_the_present([Values(1, 3, 10, 11, int.MaxValue)] int limit)
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
    public async Task Feed_is_the_same_for_all_readers_and_goes_on_where_a_reader_was()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a")]);
        var early = new FollowedFeed(store);
        await early.ReadOnAsync();
        await store.PutAsync([Create(uuid: "b"), Create(uuid: "a", timestamp: 2000)]);

        var news = await early.ReadOnAsync();

        Assert.That(news.Select(change => change.Kind), Is.EqualTo(new[] { LinktreeChangeKind.Inserted, LinktreeChangeKind.Replaced }));
        Assert.That((await new FollowedFeed(store).ReadOnAsync()).Skip(1), Is.EqualTo(news));
    }

    [Test]
    public async Task Latest_is_the_present()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "before")]);

        var present = await store.ReadChangesAsync(ChangePosition.Latest, 10);
        await store.PutAsync([Create(uuid: "after")]);
        var next = await store.ReadChangesAsync(present.Next, 10);

        Assert.That((present.Changes, present.IsTrimmed), Is.EqualTo((Array.Empty<LinktreeChange>(), false)));
        Assert.That(next.Changes.Select(change => change.Key.Uuid), Is.EqualTo(new[] { "after" }));
    }

    [Test]
    public async Task Latest_of_an_empty_store_is_its_start()
    {
        var store = await NewStoreAsync();
        var present = await store.ReadChangesAsync(ChangePosition.Latest, 10);
        await store.PutAsync([Create()]);

        Assert.That((await store.ReadChangesAsync(present.Next, 10)).Changes, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Position_that_the_store_never_gave_is_answered_as_trimmed()
    {
        var store = await NewStoreAsync();
        var other = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);
        await other.PutAsync([Create(uuid: "a")]);
        var own = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next.Value!;
        string[] strange = ["", "garbage", "0", "-1", "1", "99999999999999999999999", own + "0", own + " ", own + "-", (await other.ReadChangesAsync(ChangePosition.Start, 1)).Next.Value!];

        foreach (var value in strange)
        {
            var page = await store.ReadChangesAsync(new ChangePosition(value), 10);
            Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((true, 0)), $"position '{value}'");
            Assert.That(page.Next.Value, Is.EqualTo(own), "it goes on from the present");
        }
    }

    [Test]
    public async Task Old_changes_are_trimmed_and_a_reader_that_fell_behind_is_told()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        var behind = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await WriteVersionsAsync(store, 1, (2 * ChangesKept) + 1);

        foreach (var old in new[] { ChangePosition.Start, behind })
        {
            var trimmed = await store.ReadChangesAsync(old, 10);
            Assert.That((trimmed.IsTrimmed, trimmed.Changes.Count), Is.EqualTo((true, 0)));
            Assert.That((await store.ReadChangesAsync(trimmed.Next, 10)).Changes, Is.Empty);
        }

        var present = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(timestamp: long.MaxValue >> 11)]);
        Assert.That((await store.ReadChangesAsync(present, 10)).Changes, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Newest_changes_are_kept()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        await WriteVersionsAsync(store, 1, ChangesKept);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        await WriteVersionsAsync(store, 1L + ChangesKept, ChangesKept);

        var page = await store.ReadChangesAsync(position, int.MaxValue);
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((false, ChangesKept)));
    }

    [Test]
    public async Task Changes_are_trimmed_once_they_are_older_than_they_are_kept_for()
    {
        var clock = new SteppedClock();
        var options = Options();
        options.ChangeRetention = TimeSpan.FromHours(1);
        var store = Track(await CreateStoreAsync(options, clock));
        await store.PutAsync([Create(uuid: "a")]);
        var afterFirst = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        clock.Move(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(uuid: "b")]);
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(2), "half an hour is no age");

        clock.Move(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(uuid: "c")]);

        var trimmed = await store.ReadChangesAsync(ChangePosition.Start, 10);
        Assert.That((trimmed.IsTrimmed, trimmed.Changes.Count), Is.EqualTo((true, 0)));
        Assert.That((await store.ReadChangesAsync(trimmed.Next, 10)).Changes, Is.Empty, "it goes on from the present");
        var page = await store.ReadChangesAsync(afterFirst, 10);
        Assert.That((page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))), Is.EqualTo((false, "bc")), "who had read what was trimmed misses nothing");
    }

    [Test]
    public async Task Clock_that_is_set_back_changes_neither_the_order_nor_what_is_kept()
    {
        var clock = new SteppedClock();
        var options = Options();
        options.ChangeRetention = TimeSpan.FromHours(1);
        var store = Track(await CreateStoreAsync(options, clock));
        await store.PutAsync([Create(uuid: "a")]);
        clock.Move(TimeSpan.FromDays(-1));
        await store.PutAsync([Create(uuid: "b")]);
        clock.Move(TimeSpan.FromMinutes(1));
        await store.PutAsync([Create(uuid: "c")]);

        var page = await store.ReadChangesAsync(ChangePosition.Start, 10);

        Assert.That((page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))), Is.EqualTo((false, "abc")));
    }

    [Test]
    public async Task Index_follows_the_store_and_rebuilds_when_the_feed_was_trimmed()
    {
        var store = await NewStoreAsync();
        var index = new LinktreeIndex(store, store);
        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize([])));
        await store.PutAsync([Create(author: 2, deleted: true), Create(author: 3)]);
        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(await ListAllAsync(store))));

        await WriteVersionsAsync(store, 0, (2 * ChangesKept) + 1);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(await ListAllAsync(store))));
    }

    private static async Task WriteVersionsAsync(TStore store, long first, int count)
    {
        foreach (var page in Enumerable.Range(0, count).Select(i => Create(timestamp: first + i)).Chunk(512))
            await store.PutAsync(page);
    }
}
