using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>What a durable store does with a record whose columns have changed on the disk: it is not served, and a good copy replaces it.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class DamagedRecordsContract<TStore>(IDamageableStoreFactory<TStore> factory) : StoreFixture<TStore>(factory)
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    private static readonly SignedLinktree[] Records = [Create(1, timestamp: 1), Create(2, timestamp: 2, name: "n"), Create(3, timestamp: 3)];

    private static readonly SignedLinktree Damaged = Records[1];

    private static string[] Columns { get; } = ["author", "uuid", "timestamp", "id", "tombstone", "signature", "checksum", "data"];

    /// <summary>The columns that the change feed and version look-ups read.</summary>
    private static string[] ColumnsWithoutData { get; } = [.. Columns.Except(["data"])];

    [TestCaseSource(nameof(Columns))]
    public async Task List_that_meets_a_damaged_record_throws_and_the_next_one_is_without_it(string column)
    {
        var store = await NewDamagedStoreAsync(column);

        Assert.That(
            async () => await ListAllAsync(store),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("damaged").And.Property("IsTransient").True);

        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { Records[0], Records[2] }));
        Assert.That(await store.GetAsync([.. Records.Select(record => record.Id)]), Is.EqualTo(new[] { Records[0], Records[2] }));
        await AssertIsWholeAfterAGoodCopyAsync(store);
    }

    [TestCaseSource(nameof(ColumnsWithoutData))]
    public async Task Change_feed_that_meets_a_damaged_record_throws_and_starts_again_without_it(string column)
    {
        var store = await NewStoreAsync();
        await store.PutAsync(Records);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 1)).Next;
        await factory.DamageAsync(store, Damaged, column);
        if (!factory.IsReadByChangeFeed(column))
        {
            Assert.That((await store.ReadChangesAsync(position, 10)).Changes, Has.Count.EqualTo(Records.Length - 1), "any other read finds the damage");
            return;
        }

        Assert.That(
            async () => await store.ReadChangesAsync(position, 10), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);

        var page = await store.ReadChangesAsync(position, 10);
        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((true, 0)));
        Assert.That(
            (await store.ReadChangesAsync(page.Next, 10)).Changes.Select(change => change.Added),
            Is.EqualTo(new[] { Records[0].Version, Records[2].Version }));
        await AssertIsWholeAfterAGoodCopyAsync(store);
    }

    [TestCaseSource(nameof(ColumnsWithoutData))]
    public async Task Version_look_up_treats_a_damaged_record_as_absent(string column)
    {
        var store = await NewDamagedStoreAsync(column);

        Assert.That(
            await store.GetVersionsAsync([.. Records.Select(record => record.Key)]),
            Is.EqualTo(new LinktreeVersion?[] { Records[0].Version, null, Records[2].Version }));
    }

    [TestCaseSource(nameof(ColumnsWithoutData))]
    public async Task Put_stores_a_good_copy_in_place_of_a_damaged_record(string column)
    {
        var store = await NewDamagedStoreAsync(column);

        Assert.That(
            await store.PutAsync(Records), Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Inserted, PutOutcome.Unchanged }));

        await AssertIsWholeAsync(store);
    }

    [Test]
    public async Task Record_with_damaged_data_that_is_got_by_its_id_throws_and_is_then_absent()
    {
        var store = await NewDamagedStoreAsync("data");

        Assert.That(async () => await store.GetAsync([Damaged.Id]), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);

        Assert.That(await store.GetAsync([Damaged.Id]), Is.Empty);
        await AssertIsWholeAfterAGoodCopyAsync(store);
    }

    [Test]
    public async Task Damaged_record_does_not_count_towards_the_bound()
    {
        var store = await NewStoreAsync(maxRecords: 3);
        await store.PutAsync(Records);
        await factory.DamageAsync(store, Damaged, "signature");

        await store.GetVersionsAsync([Damaged.Key]);

        Assert.That(await store.PutAsync([Create(author: 4), Create(author: 5)]), Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Full }));
    }

    private async Task<TStore> NewDamagedStoreAsync(string column)
    {
        var store = await NewStoreAsync();
        await store.PutAsync(Records);
        await factory.DamageAsync(store, Damaged, column);
        return store;
    }

    private static async Task AssertIsWholeAfterAGoodCopyAsync(TStore store)
    {
        Assert.That(await store.PutAsync([Damaged]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        await AssertIsWholeAsync(store);
    }

    /// <summary>A damaged row that the put did not meet, because its key is damaged, is met by the first reads.</summary>
    private static async Task AssertIsWholeAsync(TStore store)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Assert.That(await ListAllAsync(store), Is.EqualTo(Records));
                var feed = new FollowedFeed(store);
                await feed.ReadToEndAsync();
                Assert.That(feed.Versions, Is.EqualTo(Records.Select(record => record.Version)));
                return;
            }
            catch (LinktreeStoreException exception) when (exception.IsTransient && attempt == 0)
            {
            }
        }
    }
}
