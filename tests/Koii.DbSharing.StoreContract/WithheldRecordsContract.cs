using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What a durable store does with records that are too far in the future when it is opened (protocol §1.8). The clock of the
/// factory must be the clock that decides: a store whose server decides by its own clock moves that clock.
/// </summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class WithheldRecordsContract<TStore>(IDurableStoreFactory<TStore> factory) : StoreFixture<TStore>(factory)
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly IDurableStoreFactory<TStore> _factory = factory;

    [Test]
    public async Task Record_is_hidden_while_the_clock_is_behind_and_is_there_again_afterwards()
    {
        var record = Create(timestamp: Milliseconds(Now));
        var store = await NewStoreAsync(Options(), new FakeClock(Now));
        await store.PutAsync([record]);

        var behind = await ReopenAsync(store, DateTimeOffset.UnixEpoch);
        await AssertStoresAsync(behind);
        Assert.That(await behind.GetAsync([record.Id]), Is.Empty);
        Assert.That(await behind.GetVersionsAsync([record.Key]), Is.EqualTo(new LinktreeVersion?[] { null }));
        Assert.That((await behind.ListAsync(new LinktreeQuery { Author = record.Author })).Linktrees, Is.Empty);

        await AssertStoresAsync(await ReopenAsync(behind, Now.AddMinutes(1)), record);
    }

    [Test]
    public async Task Record_exactly_at_the_clock_skew_is_due()
    {
        var latest = Milliseconds(Now + Options().MaxClockSkew);
        SignedLinktree[] records = [Create(author: 1, timestamp: latest), Create(author: 2, timestamp: latest + 1)];
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync(records);

        await AssertStoresAsync(await ReopenAsync(store, Now), records[0]);
    }

    [Test]
    public async Task Record_that_becomes_due_while_the_store_is_open_is_served_by_the_next_call()
    {
        var clock = new FakeClock(Now);
        var record = Create(timestamp: Milliseconds(Now.AddHours(1)));
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync([record]);
        store = await ReopenAsync(store, clock);
        await AssertStoresAsync(store);

        clock.Advance(TimeSpan.FromMinutes(50) - TimeSpan.FromMilliseconds(1));
        await AssertStoresAsync(store);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(await store.GetVersionsAsync([record.Key]), Is.EqualTo(new LinktreeVersion?[] { record.Version }));
        await AssertStoresAsync(store, record);
    }

    [Test]
    public async Task Record_that_becomes_due_is_compared_with_the_records_of_the_next_batch()
    {
        var clock = new FakeClock(Now);
        var record = Create(timestamp: Milliseconds(Now.AddHours(1)));
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync([record]);
        store = await ReopenAsync(store, clock);
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That(
            await store.PutAsync([Create(timestamp: 1), record]), Is.EqualTo(new[] { PutOutcome.Superseded, PutOutcome.Unchanged }));
    }

    [Test]
    public async Task Newer_version_of_a_wrong_clock_is_served_once_it_is_due_and_an_older_one_until_then()
    {
        var clock = new FakeClock(Now);
        var (later, due) = (Create(timestamp: Milliseconds(Now.AddHours(1))), Create(timestamp: Milliseconds(Now) + 1));
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync([Create(timestamp: Milliseconds(Now)), later]);
        store = await ReopenAsync(store, clock);
        await AssertStoresAsync(store);

        Assert.That(await store.PutAsync([due]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        await AssertStoresAsync(store, due);
        clock.Advance(TimeSpan.FromHours(1));

        await AssertStoresAsync(store, later);
    }

    [Test]
    public async Task Record_that_is_due_and_superseded_meanwhile_is_dropped()
    {
        var clock = new FakeClock(Now);
        var newer = Create(timestamp: Milliseconds(Now.AddHours(2)));
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync([Create(timestamp: Milliseconds(Now.AddHours(1)))]);
        store = await ReopenAsync(store, clock);
        await store.PutAsync([newer]);
        clock.Advance(TimeSpan.FromHours(2));

        await AssertStoresAsync(store, newer);
    }

    [Test]
    public async Task Due_records_keep_to_the_limit_of_their_author()
    {
        var options = Options(linktreesPerAuthor: 2);
        var store = await NewStoreAsync(options, new FakeClock(Now.AddHours(1)));
        var ahead = Milliseconds(Now.AddHours(1));
        await store.PutAsync([Create(uuid: "a", timestamp: ahead), Create(uuid: "b", timestamp: ahead + 2)]);
        var clock = new FakeClock(Now);
        store = await ReopenAsync(store, clock, options);
        SignedLinktree[] present = [Create(uuid: "c", timestamp: 1), Create(uuid: "d", timestamp: ahead + 1)];
        await store.PutAsync(present);

        clock.Advance(TimeSpan.FromHours(1));

        await AssertStoresAsync(store, present[1], Create(uuid: "b", timestamp: ahead + 2));
    }

    [Test]
    public async Task Newest_records_of_an_author_stay_withheld_when_the_clock_goes_back_several_times()
    {
        var options = Options(linktreesPerAuthor: 2);
        var ahead = Milliseconds(Now.AddDays(1));
        var store = await NewStoreAsync(options, new FakeClock(Now.AddDays(2)));
        SignedLinktree[] records = [.. Enumerable.Range(0, 6).Select(i => Create(uuid: $"u{i % 3}", timestamp: ahead + i))];
        foreach (var pair in records.Chunk(2))
        {
            await store.PutAsync(pair);
            store = await ReopenAsync(store, new FakeClock(Now), options);
        }

        await AssertStoresAsync(store);
        await AssertStoresAsync(await ReopenAsync(store, new FakeClock(Now.AddDays(2)), options), records[4..]);
    }

    [Test]
    public async Task Withheld_records_count_towards_the_bounds_and_have_room_when_they_are_due()
    {
        var options = Options(maxRecords: 2);
        var ahead = Milliseconds(Now.AddHours(1));
        var store = await NewStoreAsync(options, new FakeClock(Now.AddHours(1)));
        await store.PutAsync([Create(author: 1, timestamp: ahead), Create(author: 2, timestamp: 1)]);
        var clock = new FakeClock(Now);
        store = await ReopenAsync(store, clock, options);

        Assert.That(await store.PutAsync([Create(author: 3)]), Is.EqualTo(new[] { PutOutcome.Full }));
        clock.Advance(TimeSpan.FromHours(1));

        await AssertStoresAsync(store, Create(author: 2, timestamp: 1), Create(author: 1, timestamp: ahead));
        Assert.That(await store.PutAsync([Create(author: 3)]), Is.EqualTo(new[] { PutOutcome.Full }));
    }

    [Test]
    public async Task Version_of_a_withheld_identity_may_use_the_reserve()
    {
        var options = Options(maxRecords: 20);
        var store = await NewStoreAsync(options, new FakeClock(Now.AddHours(1)));
        await store.PutAsync([Create(author: 1, timestamp: Milliseconds(Now.AddHours(1))), .. Enumerable.Range(2, 18).Select(i => Create(author: i))]);
        store = await ReopenAsync(store, new FakeClock(Now), options);

        Assert.That(
            await store.PutAsync([Create(author: 30), Create(author: 1, "other"), Create(author: 1)]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Full, PutOutcome.Inserted }));
    }

    [Test]
    public async Task Readers_of_the_feed_start_again_when_records_are_withheld_and_receive_them_as_additions_when_they_are_due()
    {
        var record = Create(author: 1, timestamp: Milliseconds(Now.AddHours(1)));
        var store = await NewStoreAsync(Options(), new FakeClock(Now.AddHours(1)));
        await store.PutAsync([record, Create(author: 2, timestamp: 1)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 10)).Next;
        var clock = new FakeClock(Now);
        store = await ReopenAsync(store, clock);

        var page = await store.ReadChangesAsync(position, 10);
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((true, 0)));
        var feed = new FollowedFeed(store, page.Next);
        await feed.ReadToEndAsync();
        Assert.That(feed.Versions, Is.EqualTo(new[] { Create(author: 2, timestamp: 1).Version }));
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That(
            (await feed.ReadToEndAsync()).Select(change => (change.Kind, change.Added)),
            Is.EqualTo(new[] { (LinktreeChangeKind.Inserted, (LinktreeVersion?)record.Version) }));
    }

    [Test]
    public async Task Opening_without_records_in_the_future_does_not_restart_the_feed()
    {
        var store = await NewStoreAsync(Options(), new FakeClock(Now));
        await store.PutAsync([Create(timestamp: Milliseconds(Now))]);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 10)).Next;

        store = await ReopenAsync(store, Now.AddMinutes(-5));

        Assert.That((await store.ReadChangesAsync(position, 10)).IsTrimmed, Is.False);
    }

    /// <summary>Asserts what every read returns.</summary>
    private static async Task AssertStoresAsync(TStore store, params SignedLinktree[] expected)
    {
        Assert.That(await ListAllAsync(store), Is.EqualTo(expected));
        Assert.That(await store.GetAsync([.. expected.Select(record => record.Id)]), Is.EqualTo(expected));
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();
        Assert.That(feed.Versions, Is.EqualTo(expected.Select(record => record.Version)));
    }

    private static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private Task<TStore> ReopenAsync(TStore store, DateTimeOffset now) => ReopenAsync(store, new FakeClock(now));

    private async Task<TStore> ReopenAsync(TStore store, FakeClock clock, DbSharingOptions? options = null) =>
        Track(await _factory.ReopenAsync(store, options ?? Options(), clock));
}
