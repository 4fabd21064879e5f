using Koii.DbSharing.Storage;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.StoreContract;

/// <summary>What every <see cref="ILinktreeStore"/> does whose data several stores may have open at once, as several processes do, for one task or for several.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class SharedLinktreeStoreContract<TStore> : DurableLinktreeStoreContract<TStore>
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    /// <summary>Opens another store over the data of one that stays open.</summary>
    /// <param name="other">The store that is open. It may not have been called yet.</param>
    /// <param name="options">The settings of the new one, of the same task or another.</param>
    /// <param name="timeProvider">Its clock.</param>
    protected abstract ValueTask<TStore> OpenBesideAsync(TStore other, DbSharingOptions options, TimeProvider timeProvider);

    [Test]
    public async Task Stores_over_the_same_data_see_each_other_and_share_the_limits()
    {
        var one = await NewStoreAsync(linktreesPerAuthor: 2, maxRecords: 3);
        var two = await BesideAsync(one, Options(linktreesPerAuthor: 2, maxRecords: 3));
        await one.PutAsync([Create(uuid: "a", timestamp: 1000), Create(author: 2, uuid: "b", timestamp: 1000)]);

        Assert.That(await two.PutAsync([Create(uuid: "a", timestamp: 1000), Create(uuid: "c", timestamp: 3000)]), Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Inserted }));
        Assert.That(await one.PutAsync([Create(author: 3), Create(uuid: "d", timestamp: 2000)]), Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Inserted }));
        Assert.That((await ListAllAsync(two)).Select(record => record.Uuid), Is.EqualTo(new[] { "b", "d", "c" }));
        await new FollowedFeed(one).ReadOnAsync();
    }

    [Test]
    public async Task Positions_of_one_store_are_good_for_the_others()
    {
        var one = await NewStoreAsync();
        var two = await BesideAsync(one, Options());
        await one.PutAsync([Create(uuid: "a")]);
        var position = (await one.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await two.PutAsync([Create(uuid: "b")]);

        var page = await two.ReadChangesAsync(position, 10);

        Assert.That((page.IsTrimmed, string.Concat(page.Changes.Select(change => change.Key.Uuid))), Is.EqualTo((false, "b")));
        Assert.That(await one.ReadChangesAsync(position, 10), Is.EqualTo(page).Using<ChangePage>((left, right) => left.Changes.SequenceEqual(right.Changes) && left.Next == right.Next));
    }

    [Test]
    public async Task Stores_that_open_new_data_and_write_at_once_end_in_the_state_of_the_model()
    {
        const int Seed = 7;
        const int PerAuthor = 3;
        var random = new Random(Seed);
        TestContext.Out.WriteLine($"seed {Seed}");
        SignedLinktree[] records = [.. Enumerable.Range(0, 300).Select(_ => Create(random.Next(4), $"u{random.Next(6)}", random.Next(50), $"n{random.Next(3)}"))];
        List<TStore> stores = [await NewStoreAsync(PerAuthor)];
        while (stores.Count < 4)
            stores.Add(await BesideAsync(stores[0], Options(PerAuthor)));
        var orders = stores.Select(_ => records.OrderBy(_ => random.Next()).ToArray()).ToArray();

        var writing = Task.WhenAll(stores.Zip(orders, (store, order) => Task.Run(async () =>
        {
            foreach (var page in order.Chunk(10))
                await store.PutAsync(page);
        })));
        var feeds = stores.Select(store => new FollowedFeed(store)).ToArray();
        await Task.WhenAll(feeds.Select(feed => Task.Run(async () =>
        {
            while (!writing.IsCompleted)
                await feed.ReadOnAsync(7);
        })));
        await writing;

        var model = LinktreeModel.StateAfter(records, PerAuthor);
        foreach (var (store, feed) in stores.Zip(feeds))
        {
            await feed.ReadOnAsync();
            Assert.That(await ListAllAsync(store), Is.EqualTo(model));
            Assert.That(feed.Versions, Is.EqualTo(model.Select(record => record.Version)));
        }
    }

    [Test]
    public async Task Tasks_over_the_same_data_have_nothing_in_common()
    {
        var one = Track(await CreateStoreAsync(OptionsOf("one"), TimeProvider.System));
        var two = await BesideAsync(one, OptionsOf("two"));
        var shared = Create(uuid: "same", timestamp: 1000);
        await one.PutAsync([shared]);

        Assert.That(await ListAllAsync(two), Is.Empty);
        Assert.That(await two.GetAsync([shared.Id]), Is.Empty);
        Assert.That(await two.GetVersionsAsync([shared.Key]), Is.EqualTo(new LinktreeVersion?[] { null }));
        Assert.That((await two.ListAsync(new LinktreeQuery { Author = shared.Author })).Linktrees, Is.Empty);
        Assert.That(
            await two.PutAsync([shared, Create(uuid: "newer", timestamp: 2000), Create(author: 2)]),
            Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Full }));
        Assert.That(await ListAllAsync(one), Is.EqualTo(new[] { shared }));
        Assert.That(await new FollowedFeed(one).ReadOnAsync(), Has.Count.EqualTo(1));
        Assert.That(await new FollowedFeed(two).ReadOnAsync(), Has.Count.EqualTo(3));
        var position = (await one.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        Assert.That((await two.ReadChangesAsync(position, 1)).IsTrimmed, Is.True, "a position of another task is none of this one");
    }

    private async Task<TStore> BesideAsync(TStore other, DbSharingOptions options) => Track(await OpenBesideAsync(other, options, TimeProvider.System));

    private static DbSharingOptions OptionsOf(string taskId)
    {
        var options = Options(linktreesPerAuthor: 1, maxRecords: 1);
        options.TaskId = taskId;
        return options;
    }
}
