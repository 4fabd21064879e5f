using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    [Test]
    public async Task New_record_is_inserted()
    {
        var store = await NewStoreAsync();
        var record = Create();

        Assert.That(await store.PutAsync([record]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { record }));
    }

    [Test]
    public async Task Newer_record_replaces_older()
    {
        var store = await NewStoreAsync();
        var newer = Create(timestamp: 2000);
        await store.PutAsync([Create(timestamp: 1000)]);

        Assert.That(await store.PutAsync([newer]), Is.EqualTo(new[] { PutOutcome.Replaced }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { newer }));
    }

    [Test]
    public async Task Older_record_does_not_replace_newer()
    {
        var store = await NewStoreAsync();
        var newer = Create(timestamp: 2000);
        await store.PutAsync([newer]);

        Assert.That(await store.PutAsync([Create(timestamp: 1000)]), Is.EqualTo(new[] { PutOutcome.Superseded }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { newer }));
    }

    [Test]
    public async Task Greater_id_is_newer_at_equal_timestamps()
    {
        SignedLinktree[] tied = [.. Enumerable.Range(0, 8).Select(i => Create(name: $"n{i}")).OrderBy(record => record.Id)];
        var rising = await NewStoreAsync();
        var falling = await NewStoreAsync();

        var risingOutcomes = await rising.PutAsync(tied);
        var fallingOutcomes = await falling.PutAsync([.. tied.Reverse()]);

        Assert.That(risingOutcomes, Is.EqualTo(new[] { PutOutcome.Inserted }.Concat(Enumerable.Repeat(PutOutcome.Replaced, 7))));
        Assert.That(fallingOutcomes, Is.EqualTo(new[] { PutOutcome.Inserted }.Concat(Enumerable.Repeat(PutOutcome.Superseded, 7))));
        Assert.That(await ListAllAsync(rising), Is.EqualTo(new[] { tied[^1] }));
        Assert.That(await ListAllAsync(falling), Is.EqualTo(new[] { tied[^1] }));
    }

    [Test]
    public async Task Same_record_is_unchanged()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create()]);

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Unchanged }));
    }

    [Test]
    public async Task Another_signature_over_the_same_bytes_is_the_same_record()
    {
        var store = await NewStoreAsync();
        var first = Create(signature: 1);
        await store.PutAsync([first]);

        Assert.That(await store.PutAsync([Create(signature: 2)]), Is.EqualTo(new[] { PutOutcome.Unchanged }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { first }));
    }

    [Test]
    public async Task Record_of_one_author_does_not_affect_another_author()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        var first = Create(author: 1, timestamp: 1000);
        var second = Create(author: 2, timestamp: 2000);

        Assert.That(await store.PutAsync([second, first]), Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { first, second }));
    }

    [Test]
    public async Task Tombstone_is_stored_and_replaced_like_any_record()
    {
        var store = await NewStoreAsync();
        var tombstone = Create(timestamp: 2000, deleted: true);
        var revived = Create(timestamp: 3000);
        await store.PutAsync([Create(timestamp: 1000)]);

        Assert.That(await store.PutAsync([tombstone]), Is.EqualTo(new[] { PutOutcome.Replaced }));
        Assert.That(await store.PutAsync([Create(timestamp: 1500)]), Is.EqualTo(new[] { PutOutcome.Superseded }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { tombstone }));
        Assert.That(await store.PutAsync([revived]), Is.EqualTo(new[] { PutOutcome.Replaced }));
        Assert.That(await ListAllAsync(store), Is.EqualTo(new[] { revived }));
    }

    [Test]
    public async Task Outcomes_are_in_the_order_of_a_batch_that_repeats_identities()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2);

        var outcomes = await store.PutAsync(
        [
            Create(uuid: "a", timestamp: 2000),
            Create(uuid: "a", timestamp: 2000),
            Create(uuid: "a", timestamp: 1000),
            Create(uuid: "a", timestamp: 3000),
            Create(author: 2),
            Create(uuid: "b", timestamp: 4000),
            Create(uuid: "c", timestamp: 1000),
            Create(uuid: "c", timestamp: 5000),
            Create(uuid: "a", timestamp: 3000),
        ]);

        Assert.That(outcomes, Is.EqualTo(new[]
        {
            PutOutcome.Inserted, PutOutcome.Unchanged, PutOutcome.Superseded, PutOutcome.Replaced, PutOutcome.Inserted,
            PutOutcome.Inserted, PutOutcome.Superseded, PutOutcome.Inserted, PutOutcome.Superseded,
        }));
        Assert.That((await ListAllAsync(store)).Select(record => record.Uuid), Is.EqualTo(new[] { "u", "b", "c" }));
    }

    [Test]
    public async Task Empty_batch_has_no_outcomes() =>
        Assert.That(await (await NewStoreAsync()).PutAsync([]), Is.Empty);

    [Test]
    public async Task Greatest_timestamps_are_kept_exactly()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records =
            [Create(uuid: "a", timestamp: 0), Create(uuid: "b", timestamp: (1L << 53) - 2), Create(uuid: "c", timestamp: (1L << 53) - 1)];

        await store.PutAsync(records);

        Assert.That(await ListAllAsync(store), Is.EqualTo(records));
    }

    [TestCase("plain")]
    [TestCase("\" \\ \b \f \n \r \t \u001f / < > & ' \u007f \u00a0 \u2028 \u2029 \ufeff \ue000 é e\u0301 😀 % _ null")]
    public async Task Data_and_signature_are_stored_byte_for_byte(string name)
    {
        var store = await NewStoreAsync();
        var record = Create(uuid: "Ω", name: name, signature: 0xAB);
        await store.PutAsync([record]);

        var listed = (await ListAllAsync(store)).Single();

        Assert.That(listed.Data.ToArray(), Is.EqualTo(record.Data.ToArray()));
        Assert.That(listed.Signature, Is.EqualTo(record.Signature));
        Assert.That((listed.Author, listed.Uuid, listed.Timestamp, listed.Id), Is.EqualTo((record.Author, record.Uuid, record.Timestamp, record.Id)));
    }

    [Test]
    public async Task Largest_record_is_stored()
    {
        var store = await NewStoreAsync();
        var room = SignedLinktree.MaxDataBytes - Create().Data.Length;
        var record = Create(name: new string('x', room));
        Assume.That(record.Data.Length, Is.EqualTo(SignedLinktree.MaxDataBytes));

        await store.PutAsync([record]);

        Assert.That(await store.GetAsync([record.Id]), Is.EqualTo(new[] { record }));
    }

    [Test]
    public async Task Uuids_that_differ_in_any_UTF_16_unit_are_distinct()
    {
        string[] uuids =
        [
            "a", "A", "a ", " a", "a\t", "a\n", "a\u0001", "a%", "%", "a_", "_", "a'", "a\"", "a\\", "é", "e\u0301", "É", "ß", "ss", "ﬀ", "ff",
            "İ", "I", "i", "ı", "i\u0307", "\ufffd", "\ufeffa", "a\u200b", "a\u00ad", "😀", "😁", "１", "1", "01", "1.0", "Å", "\u212b", "null",
            new string('x', 128), new string('\uffee', 128),
        ];
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        SignedLinktree[] records = [.. uuids.Select((uuid, i) => Create(uuid: uuid, timestamp: i))];

        Assert.That(await store.PutAsync(records), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That(await store.GetVersionsAsync([.. records.Select(record => record.Key)]), Is.EqualTo(records.Select(record => record.Version)));
        Assert.That(await ListAllAsync(store), Is.EqualTo(records));
    }

    [Test]
    public async Task Batch_that_is_canceled_before_it_starts_is_not_stored()
    {
        var store = await NewStoreAsync();

        Assert.That(
            async () => await store.PutAsync([Create()], new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await ListAllAsync(store), Is.Empty);
    }

    [Test]
    public async Task Batch_that_is_canceled_while_it_runs_is_stored_wholly_or_not_at_all()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        using var source = new CancellationTokenSource();
        SignedLinktree[] records = [.. Enumerable.Range(0, 100).Select(i => Create(uuid: $"u{i}", timestamp: i))];
        var isStored = true;

        try
        {
            await store.PutAsync(new CancelingBatch<SignedLinktree>(records, 50, source), source.Token);
        }
        catch (OperationCanceledException)
        {
            isStored = false;
        }

        Assert.That(await ListAllAsync(store), Is.EqualTo(isStored ? records : []));
        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }), "the store continues to work");
    }

    [Test]
    public async Task Null_batch_and_null_record_throw()
    {
        var store = await NewStoreAsync();

        Assert.That(async () => await store.PutAsync(null!), Throws.ArgumentNullException);
        Assert.That(async () => await store.PutAsync([Create(), null!]), Throws.ArgumentNullException);
        Assert.That(await ListAllAsync(store), Is.Empty);
    }
}
