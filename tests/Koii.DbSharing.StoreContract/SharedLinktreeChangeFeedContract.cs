using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What every <see cref="ILinktreeChangeFeed"/> does whose data several stores can have open at once, as several
/// processes do, for one task or for several.
/// </summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class SharedLinktreeChangeFeedContract<TStore>(ISharedStoreFactory<TStore> factory)
    : DurableLinktreeChangeFeedContract<TStore>(factory)
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    private readonly ISharedStoreFactory<TStore> _factory = factory;

    [Test]
    public async Task Position_of_one_store_is_valid_in_the_others()
    {
        var one = await NewStoreAsync();
        var two = await OpenSecondAsync(one, Options());
        await one.PutAsync([Create(uuid: "a")]);
        var position = (await one.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await two.PutAsync([Create(uuid: "b")]);

        var page = await two.ReadChangesAsync(position, 10);
        var same = await one.ReadChangesAsync(position, 10);

        Assert.That((page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))), Is.EqualTo((false, "b")));
        Assert.That((same.Next, same.Changes.Single()), Is.EqualTo((page.Next, page.Changes.Single())));
    }

    [Test]
    public void Positions_of_random_histories_are_valid_in_two_stores_that_are_used_alternately() =>
        CheckHistories(async (stores, options, clock) => stores.Count < 2 ? await _factory.OpenSecondAsync(stores[0], options, clock) : stores[0]);

    [Test]
    public async Task Readers_beside_writers_of_other_stores_end_in_the_state_of_the_model()
    {
        const int PerAuthor = 3;
        var (records, batchesOfWriters) = RandomDeliveries.ForWriters(seed: 7, writers: 4, records: 300);
        List<TStore> stores = [await NewStoreAsync(PerAuthor)];
        while (stores.Count < batchesOfWriters.Length)
            stores.Add(await OpenSecondAsync(stores[0], Options(PerAuthor)));

        var writing = Task.WhenAll(stores.Zip(batchesOfWriters, (store, batches) => Task.Run(async () =>
        {
            foreach (var batch in batches)
                await store.PutAsync(batch);
        })));
        FollowedFeed[] feeds = [.. stores.Select(store => new FollowedFeed(store))];
        await Task.WhenAll(feeds.Select(feed => Task.Run(async () =>
        {
            while (!writing.IsCompleted)
                await feed.ReadToEndAsync(7);
        })));
        await writing;

        var model = LinktreeModel.StateAfter(records, PerAuthor).Select(record => record.Version);
        foreach (var feed in feeds)
        {
            await feed.ReadToEndAsync();
            Assert.That(feed.Versions, Is.EqualTo(model));
        }
    }

    [Test]
    public async Task Tasks_in_the_same_data_share_no_changes()
    {
        var one = await NewStoreAsync(Options(taskId: "one"), TimeProvider.System);
        var two = await OpenSecondAsync(one, Options(taskId: "two"));
        await one.PutAsync([Create(uuid: "a")]);
        await two.PutAsync([Create(uuid: "a"), Create(uuid: "b")]);

        Assert.That(await new FollowedFeed(one).ReadToEndAsync(), Has.Count.EqualTo(1));
        Assert.That(await new FollowedFeed(two).ReadToEndAsync(), Has.Count.EqualTo(2));
        var position = (await one.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        Assert.That((await two.ReadChangesAsync(position, 1)).IsTrimmed, Is.True, "a position of another task is not valid");
    }

    private async Task<TStore> OpenSecondAsync(TStore store, DbSharingOptions options) =>
        Track(await _factory.OpenSecondAsync(store, options, TimeProvider.System));
}
