using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeChangeFeedContract<TStore>
{
    [Test]
    public async Task Additions_of_stored_records_are_returned_however_old_and_however_many()
    {
        const int Records = 60;
        var clock = new FakeClock();
        var store = await NewStoreThatRetainsAsync(clock, maxChanges: 4);
        var beforeFirst = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        for (var i = 0; i < Records; i++)
        {
            await store.PutAsync([Create(author: i)]);
            clock.Advance(TimeSpan.FromDays(100));
        }

        var first = await store.ReadChangesAsync(ChangePosition.Start, 1);

        Assert.That(await new FollowedFeed(store).ReadToEndAsync(), Has.Count.EqualTo(Records));
        Assert.That(await new FollowedFeed(store, beforeFirst).ReadToEndAsync(), Has.Count.EqualTo(Records));
        Assert.That(await new FollowedFeed(store, first.Next).ReadToEndAsync(), Has.Count.EqualTo(Records - 1));
    }

    [Test]
    public async Task Removal_is_trimmed_when_as_many_changes_as_are_retained_came_after_it()
    {
        var store = await NewStoreThatRetainsAsync(new FakeClock(), maxChanges: 3);
        await store.PutAsync([Create(author: 1)]);
        var behind = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(author: 1, timestamp: 2000)]);

        await store.PutAsync([Create(author: 2), Create(author: 3)]);
        Assert.That((await store.ReadChangesAsync(behind, 10)).Changes, Has.Count.EqualTo(3));

        await store.PutAsync([Create(author: 4)]);
        await AssertIsTrimmedAsync(store, behind);
    }

    [Test]
    public async Task Eviction_is_trimmed_when_as_many_changes_as_are_retained_came_after_it()
    {
        var store = await NewStoreThatRetainsAsync(new FakeClock(), maxChanges: 2, linktreesPerAuthor: 1);
        await store.PutAsync([Create(uuid: "a", timestamp: 1)]);
        var behind = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        await store.PutAsync([Create(uuid: "b", timestamp: 2)]);
        Assert.That((await store.ReadChangesAsync(behind, 10)).Changes, Has.Count.EqualTo(2));

        await store.PutAsync([Create(author: 2)]);
        await AssertIsTrimmedAsync(store, behind);
    }

    [Test]
    public async Task Removal_that_is_older_than_the_retention_is_trimmed_by_the_next_write()
    {
        var clock = new FakeClock();
        var store = await NewStoreThatRetainsAsync(clock);
        await store.PutAsync([Create(author: 1), Create(author: 2)]);
        var beforeFirst = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(author: 1, timestamp: 2000)]);
        var afterFirst = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        clock.Advance(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(author: 2, timestamp: 2000)]);
        Assert.That((await store.ReadChangesAsync(beforeFirst, 10)).Changes, Has.Count.EqualTo(2), "half an hour is within the retention");

        clock.Advance(TimeSpan.FromMinutes(31));
        await store.PutAsync([Create(author: 3)]);

        await AssertIsTrimmedAsync(store, beforeFirst);
        Assert.That(
            (await store.ReadChangesAsync(afterFirst, 10)).Changes.Select(change => change.Key),
            Is.EqualTo(new[] { Create(author: 2).Key, Create(author: 3).Key }),
            "a reader that has read the trimmed removal misses nothing");
    }

    [Test]
    public async Task Clock_that_is_set_back_changes_neither_the_order_nor_the_retained_changes()
    {
        var clock = new FakeClock();
        var store = await NewStoreThatRetainsAsync(clock);
        await store.PutAsync([Create(uuid: "a"), Create(uuid: "b"), Create(uuid: "c")]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(uuid: "a", timestamp: 2000)]);
        clock.Advance(TimeSpan.FromDays(-1));
        await store.PutAsync([Create(uuid: "b", timestamp: 2000)]);
        clock.Advance(TimeSpan.FromMinutes(1));
        await store.PutAsync([Create(uuid: "c", timestamp: 2000)]);

        Assert.That(
            (await store.ReadChangesAsync(position, 10)).Changes.Select(change => (change.Kind, change.Key.Uuid)),
            Is.EqualTo(new[] { (LinktreeChangeKind.Replaced, "a"), (LinktreeChangeKind.Replaced, "b"), (LinktreeChangeKind.Replaced, "c") }));
    }

    [Test]
    public async Task Reader_misses_only_removals_that_happened_after_it_started()
    {
        var store = await NewStoreThatRetainsAsync(new FakeClock(), maxChanges: 4);
        await store.PutAsync([Create(author: 1), Create(author: 2), Create(author: 1, timestamp: 2000)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 1)).Next;

        await store.PutAsync([.. Enumerable.Range(10, 4).Select(i => Create(author: i))]);
        Assert.That((await store.ReadChangesAsync(position, 10)).Changes, Has.Count.EqualTo(5), "the removal before it started is trimmed");

        await store.PutAsync([Create(author: 2, timestamp: 2000)]);
        await store.PutAsync([.. Enumerable.Range(20, 4).Select(i => Create(author: i))]);
        await AssertIsTrimmedAsync(store, position);
    }

    [Test]
    public async Task Reader_that_has_read_all_that_was_stored_misses_only_removals_after_its_position()
    {
        var store = await NewStoreThatRetainsAsync(new FakeClock(), maxChanges: 4);
        await store.PutAsync([Create(author: 1)]);
        var one = await store.ReadChangesAsync(ChangePosition.Start, 1);
        await store.PutAsync([Create(author: 1, timestamp: 2000)]);
        var two = await store.ReadChangesAsync(one.Next, 1);

        await store.PutAsync([.. Enumerable.Range(10, 4).Select(i => Create(author: i))]);

        Assert.That(two.Changes.Single().Kind, Is.EqualTo(LinktreeChangeKind.Replaced));
        Assert.That((await store.ReadChangesAsync(two.Next, 10)).Changes, Has.Count.EqualTo(4));
        await AssertIsTrimmedAsync(store, one.Next);
    }

    [Test]
    public async Task Newest_changes_are_retained()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        foreach (var batch in Enumerable.Range(1, RetainedChanges).Select(i => Create(timestamp: i)).Chunk(512))
            await store.PutAsync(batch);

        Assert.That((await store.ReadChangesAsync(position, int.MaxValue)).Changes, Has.Count.EqualTo(RetainedChanges));
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
            "", "garbage", "0", "-1", "1", "99999999999999999999999", ":", ":1", own + "0", own + " ", own + "-", own + ":", own + ":0", own + ":99",
            own + ":2:2", (await other.ReadChangesAsync(ChangePosition.Start, 1)).Next.Value!,
        ];

        foreach (var value in unknown)
            await AssertIsTrimmedAsync(store, new ChangePosition(value));
    }

    /// <summary>
    /// Asserts that a page is trimmed, and that the reader which continues after it is returned all that is stored.
    /// </summary>
    private protected static async Task AssertIsTrimmedAsync(TStore store, ChangePosition position)
    {
        var page = await store.ReadChangesAsync(position, 10);
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((true, 0)), $"position '{position.Value}'");

        var feed = new FollowedFeed(store, page.Next);
        await feed.ReadToEndAsync(2);
        Assert.That(feed.Versions, Is.EqualTo((await ListAllAsync(store)).Select(record => record.Version)));
    }

    /// <summary>Creates a store that retains removals for one hour.</summary>
    private Task<TStore> NewStoreThatRetainsAsync(FakeClock clock, int maxChanges = RetainedChanges, int linktreesPerAuthor = 16)
    {
        var options = Options(linktreesPerAuthor);
        options.MaxRetainedChanges = maxChanges;
        options.ChangeRetention = TimeSpan.FromHours(1);
        return NewStoreAsync(options, clock);
    }
}
