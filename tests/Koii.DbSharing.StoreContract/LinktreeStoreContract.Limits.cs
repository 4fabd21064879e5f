using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    [Test]
    public async Task Newer_identity_replaces_the_oldest_of_an_author_at_the_limit()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);
        SignedLinktree[] records = [Create(uuid: "a", timestamp: 1000), Create(uuid: "b", timestamp: 2000), Create(uuid: "c", timestamp: 3000)];
        await store.PutAsync(records[..2]);

        Assert.That(await store.PutAsync(records[2..]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(records[1..]));
    }

    [Test]
    public async Task Identity_older_than_all_of_an_author_at_the_limit_is_superseded()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);
        SignedLinktree[] records = [Create(uuid: "b", timestamp: 2000), Create(uuid: "c", timestamp: 3000)];
        await store.PutAsync(records);

        Assert.That(await store.PutAsync([Create(uuid: "a", timestamp: 1000)]), Is.EqualTo(new[] { PutOutcome.Superseded }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(records));
    }

    [Test]
    public async Task Evicted_record_is_superseded_and_a_newer_version_of_it_is_inserted()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        var evicted = Create(uuid: "a", timestamp: 1000);
        var later = Create(uuid: "a", timestamp: 3000);
        await store.PutAsync([evicted, Create(uuid: "b", timestamp: 2000)]);

        Assert.That(await store.PutAsync([evicted]), Is.EqualTo(new[] { PutOutcome.Superseded }));
        Assert.That(await store.PutAsync([later]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { later }));
    }

    [Test]
    public async Task Replaced_identity_is_among_the_newest_of_its_author()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);
        SignedLinktree[] records =
        [
            Create(uuid: "a", timestamp: 1000), Create(uuid: "b", timestamp: 2000), Create(uuid: "a", timestamp: 3000),
            Create(uuid: "c", timestamp: 4000), Create(uuid: "d", timestamp: 5000),
        ];

        await store.PutAsync(records);

        Assert.That(await ListAllAsync(store), Is.EqualTo(records[3..]));
    }

    [Test]
    public async Task Identity_replaced_after_an_eviction_in_the_same_batch_is_among_the_newest_of_its_author()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);

        await store.PutAsync(
        [
            Create(uuid: "a", timestamp: 1000), Create(uuid: "b", timestamp: 2000), Create(uuid: "c", timestamp: 3000),
            Create(uuid: "b", timestamp: 4000), Create(uuid: "d", timestamp: 5000),
        ]);

        Assert.That((await ListAllAsync(store)).Select(record => record.Uuid), Is.EqualTo(new[] { "b", "d" }));
    }

    [Test]
    public async Task Bound_takes_effect_within_a_batch()
    {
        var store = await NewStoreAsync(maxRecords: 3);

        var outcomes = await store.PutAsync([.. Enumerable.Range(1, 5).Select(author => Create(author))]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Full, PutOutcome.Full }));
    }

    [Test]
    public async Task Tombstones_count_towards_the_author_and_the_bound()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1, maxRecords: 1);

        var outcomes = await store.PutAsync(
            [Create(uuid: "a", timestamp: 2000, deleted: true), Create(uuid: "b", timestamp: 1000), Create(author: 2)]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Superseded, PutOutcome.Full }));
    }

    [Test]
    public async Task Authors_whose_keys_begin_with_the_same_bytes_have_records_and_limits_of_their_own()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1, maxRecords: 2);
        var (first, second) = (CreateAlike(1, timestamp: 1), CreateAlike(2, timestamp: 1));
        var (third, newer) = (CreateAlike(3, timestamp: 1), CreateAlike(2, timestamp: 2, uuid: "newer"));

        var outcomes = await store.PutAsync([first, second, third, newer]);

        Assert.That(outcomes, Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Full, PutOutcome.Inserted }));
        Assert.That(await store.GetVersionsAsync([first.Key, second.Key, newer.Key]), Is.EqualTo(new LinktreeVersion?[] { first.Version, null, newer.Version }));
        Assert.That(
            (await store.ListAsync(new LinktreeQuery { Author = newer.Author, IncludeTombstones = true })).Linktrees, Is.EqualTo(new[] { newer }));
    }

    private static SignedLinktree CreateAlike(byte lastByte, long timestamp, string uuid = "u")
    {
        var sample = Create(uuid: uuid, timestamp: timestamp);
        var key = Enumerable.Repeat((byte)7, PublicKey.Size).ToArray();
        key[^1] = lastByte;
        Assert.That(SignedLinktree.TryCreate(new PublicKey(key), sample.Signature, sample.Data.Span, out var linktree, out _), Is.True);
        return linktree!;
    }
}
