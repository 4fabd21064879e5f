using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>The bounds of the whole store (protocol §1.9).</summary>
public abstract partial class LinktreeStoreContract<TStore>
{
    /// <summary>The least bound: 1 MiB, of which 52,428 bytes are not for new identities.</summary>
    private const long MaxBytes = 1024 * 1024;

    [Test]
    public async Task New_author_at_the_bound_is_full_and_the_others_go_on()
    {
        var store = await NewStoreAsync(maxRecords: 2);
        await store.PutAsync([Create(author: 1), Create(author: 2)]);

        var outcomes = await store.PutAsync([Create(author: 3), Create(author: 2, timestamp: 2000), Create(author: 4), Create(author: 1)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced, PutOutcome.Full, PutOutcome.Unchanged }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { Create(author: 1), Create(author: 2, timestamp: 2000) }));
    }

    [Test]
    public async Task New_identity_at_the_bound_is_stored_in_place_of_the_oldest_of_its_author()
    {
        var store = await NewStoreAsync(maxRecords: 3);
        await store.PutAsync([Create(1, "a", 1000), Create(1, "b", 2000), Create(2, "c", 500)]);

        Assert.That(await store.PutAsync([Create(1, "d", 1500), Create(2, "e", 501)]), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That((await ListAllAsync(store)).Select(record => record.Uuid), Is.EqualTo(new[] { "e", "d", "b" }));
    }

    [Test]
    public async Task New_identity_older_than_all_of_its_author_at_the_bound_is_full_until_there_is_room()
    {
        var store = await NewStoreAsync(maxBytes: MaxBytes);
        await FillAsync(store);
        var record = Sized(author: 1, "older", timestamp: 1, bytes: 50_000);

        Assert.That(await store.PutAsync([record]), Is.EqualTo(new[] { PutOutcome.Full }));
        await store.PutAsync([Create(author: 19, timestamp: 2000)]);
        Assert.That(await store.PutAsync([record]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Number_of_records_does_not_pass_its_bound_when_each_author_adds_many()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 16, maxRecords: 100);

        for (var i = 0; i < 16; i++)
            await store.PutAsync([.. Enumerable.Range(1, 12).Select(author => Create(author, $"u{i}", i))]);

        Assert.That(await ListAllAsync(store), Has.Count.EqualTo(95));
    }

    [Test]
    public async Task Last_twentieth_of_the_records_is_not_for_new_identities()
    {
        var store = await NewStoreAsync(maxRecords: 40);

        var outcomes = await store.PutAsync([.. Enumerable.Range(1, 45).Select(author => Create(author))]);

        Assert.That(outcomes.Take(38), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That(outcomes.Skip(38), Has.All.EqualTo(PutOutcome.Full));
    }

    [Test]
    public async Task Last_twentieth_of_the_bytes_is_for_replacements_and_tombstones()
    {
        var store = await NewStoreAsync(maxBytes: MaxBytes);
        await FillAsync(store);

        Assert.That(await store.PutAsync([Sized(author: 20, "u", 1000, bytes: 50_000)]), Is.EqualTo(new[] { PutOutcome.Full }));
        Assert.That(
            await store.PutAsync([Sized(author: 20, "u", 1000, bytes: 46_148), Create(author: 21)]),
            Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Full }),
            "exactly as many bytes as there are");
        Assert.That(
            await store.PutAsync([Sized(author: 1, "u", 2000, bytes: 65_536), Sized(author: 2, "u", 2000, bytes: 65_536), Create(3, "u", 2000, deleted: true)]),
            Has.All.EqualTo(PutOutcome.Replaced));
        Assert.That(await BytesAsync(store), Is.GreaterThan(MaxBytes - (MaxBytes / 20) - 50_000).And.LessThanOrEqualTo(MaxBytes));
    }

    [Test]
    public async Task New_identity_at_the_bound_of_bytes_is_stored_in_place_of_as_many_of_its_author_as_it_needs()
    {
        var store = await NewStoreAsync(maxBytes: MaxBytes);
        await FillAsync(store, authors: 18);
        await store.PutAsync([.. Enumerable.Range(1, 9).Select(i => Sized(author: 50, $"u{i}", i, bytes: 10_000))]);

        var outcomes = await store.PutAsync([Sized(author: 50, "large", 100, bytes: 35_000)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(
            (await ListAllAsync(store, new LinktreeQuery { Author = Author(50) })).Select(record => record.Uuid),
            Is.EqualTo(new[] { "u4", "u5", "u6", "u7", "u8", "u9", "large" }),
            "6,148 bytes were free");
    }

    [Test]
    public async Task Replacement_that_does_not_fit_evicts_older_records_of_its_author()
    {
        var store = await NewStoreAsync(maxBytes: MaxBytes);
        await FillAsync(store, authors: 18);
        await store.PutAsync([Sized(50, "a", 1, 10_000), Sized(50, "b", 2, 20_000), Sized(50, "c", 9, 20_000), Sized(51, "u", 1, 46_000)]);
        await store.PutAsync([Sized(51, "u", 2, 65_000), Sized(1, "u", 2000, 65_000), Sized(2, "u", 2000, 65_000)]);
        Assert.That(await BytesAsync(store), Is.EqualTo(1_045_000));

        Assert.That(await store.PutAsync([Sized(50, "a", 5, 20_000)]), Is.EqualTo(new[] { PutOutcome.Replaced }));
        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { ("a", 5), ("c", 9) }));
        Assert.That(await store.PutAsync([Sized(50, "a", 6, 65_000)]), Is.EqualTo(new[] { PutOutcome.Full }), "the other record is newer");
        Assert.That(await VersionsAsync(), Is.EqualTo(new[] { ("a", 5), ("c", 9) }));
        Assert.That(await store.PutAsync([Sized(50, "a", 7, 65_000), Sized(50, "a", 8, 100)]), Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Replaced }));
        Assert.That(await BytesAsync(store), Is.EqualTo(1_015_100));

        async Task<IEnumerable<(string, long)>> VersionsAsync() =>
            (await ListAllAsync(store, new LinktreeQuery { Author = Author(50) })).Select(record => (record.Uuid, record.Timestamp));
    }

    [Test]
    public async Task Record_that_finds_no_room_evicts_nothing()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2, maxBytes: MaxBytes);
        await FillAsync(store);
        await store.PutAsync([Sized(50, "a", 1, 1_000), Sized(50, "b", 9, 1_000)]);

        var outcomes = await store.PutAsync([Sized(50, "c", 5, 60_000)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Full }), "the limit of the author alone would have evicted one");
        Assert.That(await ListAllAsync(store, new LinktreeQuery { Author = Author(50) }), Has.Count.EqualTo(2));
    }

    [Test]
    public void Bounds_decide_as_the_reference_does_for_random_deliveries() => RandomDeliveries.CheckBounded(
        Deliveries,
        async delivery =>
        {
            var options = Options(delivery.LinktreesPerAuthor, delivery.MaxRecords, maxBytes: MaxBytes);
            var reference = new DictionaryStore(options);
            return await WithNewStoreAsync(options, async store =>
            {
                foreach (var batch in delivery.Batches)
                {
                    Assert.That(await store.PutAsync(batch), Is.EqualTo(await reference.PutAsync(batch)));
                    var stored = await ListAllAsync(store);
                    Assert.That(stored, Is.EqualTo(await ListAllAsync(reference)));
                    Assert.That(stored, Has.Count.LessThanOrEqualTo(delivery.MaxRecords));
                    Assert.That(stored.Sum(record => record.Data.Length), Is.LessThanOrEqualTo(MaxBytes));
                }

                return true;
            });
        });

    /// <summary>Puts records of 50,000 bytes, each of an author of its own; up to 19 fit.</summary>
    private protected static async Task FillAsync(ILinktreeStore store, int authors = 19) => Assert.That(
        await store.PutAsync([.. Enumerable.Range(1, authors).Select(author => Sized(author, "u", 1000, bytes: 50_000))]),
        Has.All.EqualTo(PutOutcome.Inserted));

    private protected static async Task<long> BytesAsync(ILinktreeStore store) => (await ListAllAsync(store)).Sum(record => record.Data.Length);
}
