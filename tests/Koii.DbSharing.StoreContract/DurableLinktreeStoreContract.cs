using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>What every <see cref="ILinktreeStore"/> does that keeps its records when it is closed.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class DurableLinktreeStoreContract<TStore>(IDurableStoreFactory<TStore> factory) : LinktreeStoreContract<TStore>(factory)
    where TStore : class, ILinktreeStore
{
    private readonly IDurableStoreFactory<TStore> _factory = factory;

    [Test]
    public async Task Records_are_stored_after_reopening()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records =
            [.. Enumerable.Range(0, 700).Select(i => Create(author: i % 100, uuid: $"u{i}", timestamp: i, deleted: i % 9 == 0))];
        await store.PutAsync(records);

        var reopened = await ReopenAsync(store, Options());

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(records));
        Assert.That(await reopened.PutAsync(records), Has.All.EqualTo(PutOutcome.Unchanged));
    }

    [Test]
    public async Task Bound_holds_after_reopening()
    {
        var store = await NewStoreAsync(maxRecords: 2);
        await store.PutAsync([Create(author: 1), Create(author: 2)]);

        var reopened = await ReopenAsync(store, Options(maxRecords: 2));

        Assert.That(
            await reopened.PutAsync([Create(author: 3), Create(author: 1, timestamp: 2000)]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced }));
    }

    [Test]
    public async Task Lowered_limit_trims_authors_to_their_newest_on_opening()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 8);
        SignedLinktree[] records = [.. Enumerable.Range(0, 24).Select(i => Create(author: i % 4, uuid: $"u{i}", timestamp: 100 - i))];
        await store.PutAsync(records);

        var reopened = await ReopenAsync(store, Options(linktreesPerAuthor: 2));

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(LinktreeModel.StateAfter(records, 2)));
    }

    [Test]
    public async Task Raised_limit_takes_effect_on_opening()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        await store.PutAsync([Create(uuid: "a", timestamp: 1000)]);

        var reopened = await ReopenAsync(store, Options(linktreesPerAuthor: 2));
        await reopened.PutAsync([Create(uuid: "b", timestamp: 2000)]);

        Assert.That(await ListAllAsync(reopened), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Lowered_bound_keeps_the_records_and_the_store_does_not_grow()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [Create(author: 1, timestamp: 1), Create(author: 2, timestamp: 2), Create(author: 3, timestamp: 3)];
        await store.PutAsync(records);

        var reopened = await ReopenAsync(store, Options(maxRecords: 1));

        Assert.That(await ListAllAsync(reopened), Is.EqualTo(records));
        Assert.That(
            await reopened.PutAsync([Create(author: 4), Create(author: 3, timestamp: 4), Create(author: 1, "newer", timestamp: 5)]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced, PutOutcome.Inserted }));
        Assert.That((await ListAllAsync(reopened)).Select(record => record.Timestamp), Is.EqualTo(new[] { 2, 4, 5 }));
    }

    [Test]
    public async Task Lowered_bound_of_bytes_keeps_the_records_and_the_store_does_not_grow()
    {
        var store = await NewStoreAsync(maxBytes: 2 * StoreBounds.MinMaxBytes);
        await FillAsync(store, authors: 30);

        var reopened = await ReopenAsync(store, Options(maxBytes: StoreBounds.MinMaxBytes));

        Assert.That(
            await reopened.PutAsync(
            [
                Create(author: 31), Sized(author: 1, "u", 2000, bytes: 50_001), Sized(author: 2, "u", 2000, bytes: 50_000),
                Sized(author: 3, "other", 2000, bytes: 50_000), Create(author: 4, timestamp: 2000),
            ]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Full, PutOutcome.Replaced, PutOutcome.Inserted, PutOutcome.Replaced }));
        Assert.That(await ListAllAsync(reopened), Has.Count.EqualTo(30));
    }

    [Test]
    public async Task Bytes_are_counted_after_reopening()
    {
        var store = await NewStoreAsync(maxBytes: StoreBounds.MinMaxBytes);
        await FillAsync(store);

        var reopened = await ReopenAsync(store, Options(maxBytes: StoreBounds.MinMaxBytes));

        Assert.That(
            await reopened.PutAsync([Sized(author: 20, "u", 1000, bytes: 50_000), Sized(author: 21, "u", 1000, bytes: 40_000)]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Inserted }));
    }

    private async Task<TStore> ReopenAsync(TStore store, DbSharingOptions options, TimeProvider? timeProvider = null) =>
        Track(await _factory.ReopenAsync(store, options, timeProvider ?? TimeProvider.System));
}
