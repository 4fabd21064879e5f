using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What every <see cref="ILinktreeStore"/> does whose data several stores can have open at once, as several processes
/// do, for one task or for several.
/// </summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class SharedLinktreeStoreContract<TStore>(ISharedStoreFactory<TStore> factory) : DurableLinktreeStoreContract<TStore>(factory)
    where TStore : class, ILinktreeStore
{
    private readonly ISharedStoreFactory<TStore> _factory = factory;

    [Test]
    public async Task Stores_with_the_same_data_share_records_and_limits()
    {
        var one = await NewStoreAsync(linktreesPerAuthor: 2, maxRecords: 3);
        var two = await OpenSecondAsync(one, Options(linktreesPerAuthor: 2, maxRecords: 3));
        await one.PutAsync([Create(uuid: "a", timestamp: 1000), Create(author: 2, uuid: "b", timestamp: 1000)]);

        Assert.That(
            await two.PutAsync([Create(uuid: "a", timestamp: 1000), Create(uuid: "c", timestamp: 3000)]),
            Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Inserted }));
        Assert.That(
            await one.PutAsync([Create(author: 3), Create(uuid: "d", timestamp: 2000)]),
            Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Inserted }));
        Assert.That((await ListAllAsync(two)).Select(record => record.Uuid), Is.EqualTo(new[] { "b", "d", "c" }));
    }

    [Test]
    public async Task Stores_that_open_new_data_and_write_concurrently_end_in_the_state_of_the_model()
    {
        const int PerAuthor = 3;
        var (records, batchesOfWriters) = RandomDeliveries.ForWriters(seed: 7, writers: 4, records: 300);
        List<TStore> stores = [await NewStoreAsync(PerAuthor)];
        while (stores.Count < batchesOfWriters.Length)
            stores.Add(await OpenSecondAsync(stores[0], Options(PerAuthor)));

        await Task.WhenAll(stores.Zip(batchesOfWriters, (store, batches) => Task.Run(async () =>
        {
            foreach (var batch in batches)
                await store.PutAsync(batch);
        })));

        foreach (var store in stores)
            Assert.That(await ListAllAsync(store), Is.EqualTo(LinktreeModel.StateAfter(records, PerAuthor)));
    }

    [Test]
    public async Task Tasks_in_the_same_data_share_no_records_and_no_limits()
    {
        var one = await NewStoreAsync(Options(1, 1, "one"), TimeProvider.System);
        var two = await OpenSecondAsync(one, Options(1, 1, "two"));
        var record = Create(uuid: "same", timestamp: 1000);
        await one.PutAsync([record]);

        Assert.That(await ListAllAsync(two), Is.Empty);
        Assert.That(await two.GetAsync([record.Id]), Is.Empty);
        Assert.That(await two.GetVersionsAsync([record.Key]), Is.EqualTo(new LinktreeVersion?[] { null }));
        Assert.That((await two.ListAsync(new LinktreeQuery { Author = record.Author })).Linktrees, Is.Empty);
        Assert.That(
            await two.PutAsync([record, Create(uuid: "newer", timestamp: 2000), Create(author: 2)]),
            Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Full }));
        Assert.That(await ListAllAsync(one), Is.EqualTo(new[] { record }));
    }

    private async Task<TStore> OpenSecondAsync(TStore store, DbSharingOptions options) =>
        Track(await _factory.OpenSecondAsync(store, options, TimeProvider.System));
}
