using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    [Test]
    public async Task New_store_is_empty()
    {
        var store = await NewStoreAsync();

        var page = await store.ListAsync(new LinktreeQuery { IncludeTombstones = true });

        Assert.That(page.Linktrees, Is.Empty);
        Assert.That(page.Next, Is.Null);
    }

    [Test]
    public async Task Versions_are_in_the_order_of_the_keys_and_include_tombstones()
    {
        var store = await NewStoreAsync();
        var stored = Create(uuid: "stored");
        var tombstone = Create(uuid: "deleted", deleted: true);
        await store.PutAsync([stored, tombstone]);

        var versions = await store.GetVersionsAsync(
            [new LinktreeKey(Author(1), "unknown"), tombstone.Key, stored.Key, new LinktreeKey(Author(2), "stored"), stored.Key]);

        Assert.That(versions, Is.EqualTo(new LinktreeVersion?[] { null, tombstone.Version, stored.Version, null, stored.Version }));
    }

    [Test]
    public async Task Replaced_and_evicted_records_are_not_returned()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 1);
        var evicted = Create(uuid: "a", timestamp: 1000);
        var replaced = Create(uuid: "b", timestamp: 2000);
        var newest = Create(uuid: "b", timestamp: 3000);
        await store.PutAsync([evicted, replaced, newest]);

        Assert.That(await store.GetVersionsAsync([evicted.Key, newest.Key]), Is.EqualTo(new LinktreeVersion?[] { null, newest.Version }));
        Assert.That(await store.GetAsync([evicted.Id, replaced.Id, newest.Id]), Is.EqualTo(new[] { newest }));
    }

    [Test]
    public async Task Keys_that_no_record_can_have_have_no_version()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "\ufffd")]);
        string[] impossible = ["", "\ud800", "\udc00", new string('x', 129), new string('\uffee', 1000)];

        Assert.That(await store.GetVersionsAsync([.. impossible.Select(uuid => new LinktreeKey(Author(1), uuid)), default]), Has.All.Null);
    }

    [Test]
    public async Task Records_are_returned_by_id_once_each_in_the_order_of_the_ids()
    {
        var store = await NewStoreAsync();
        var first = Create(uuid: "a");
        var second = Create(uuid: "b");
        var tombstone = Create(uuid: "c", deleted: true);
        await store.PutAsync([first, second, tombstone]);

        var records = await store.GetAsync([second.Id, Create(uuid: "d").Id, tombstone.Id, second.Id, first.Id, default, tombstone.Id]);

        Assert.That(records, Is.EqualTo(new[] { second, tombstone, first }));
    }

    [Test]
    public async Task Many_keys_and_ids_are_looked_up_in_one_call()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 2000);
        SignedLinktree[] records = [.. Enumerable.Range(0, 1500).Select(i => Create(uuid: $"u{i}", timestamp: i))];
        await store.PutAsync(records);

        Assert.That(await store.GetVersionsAsync([.. records.Select(record => record.Key)]), Is.EqualTo(records.Select(record => record.Version)));
        Assert.That(await store.GetAsync([.. records.Select(record => record.Id)]), Is.EqualTo(records));
    }

    [Test]
    public async Task List_ascends_by_timestamp_then_id([Values(1, 2, 7, 1000, int.MaxValue)] int limit)
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 5);
        SignedLinktree[] records = [.. Enumerable.Range(0, 60).Select(i => Create(author: i % 12, uuid: $"u{i}", timestamp: i * 7 % 5))];
        await store.PutAsync(records);

        Assert.That(await ListAllAsync(store, new LinktreeQuery { Limit = limit }), Is.EqualTo(LinktreeModel.StateAfter(records, 5)));
    }

    [Test]
    public async Task Last_page_has_no_next_page_even_if_it_is_full()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(uuid: "a"), Create(uuid: "b"), Create(uuid: "hidden", timestamp: 9000, deleted: true)]);

        Assert.That((await store.ListAsync(new LinktreeQuery { Limit = 2 })).Next, Is.Null);
        Assert.That((await store.ListAsync(new LinktreeQuery { Limit = 2, IncludeTombstones = true })).Next, Is.Not.Null);
        Assert.That((await store.ListAsync(new LinktreeQuery { Limit = 3, IncludeTombstones = true })).Next, Is.Null);
    }

    [Test]
    public async Task List_starts_after_any_version_stored_or_not()
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records =
            [.. Enumerable.Range(0, 10).Select(i => Create(uuid: $"u{i}", timestamp: i / 3 * 10)).OrderBy(record => record.Version)];
        await store.PutAsync(records);
        var lowest = default(LinktreeId);
        var highest = new LinktreeId(Enumerable.Repeat(byte.MaxValue, LinktreeId.Size).ToArray());

        LinktreeVersion[] versions =
        [
            .. records.Select(record => record.Version),
            new(0, lowest), new(9, highest), new(10, lowest), new(10, highest), new(30, highest), new(long.MaxValue, highest),
        ];
        foreach (var after in versions)
        {
            var page = await store.ListAsync(new LinktreeQuery { After = after });
            Assert.That(page.Linktrees, Is.EqualTo(records.Where(record => record.Version > after)), $"after {after}");
            Assert.That(page.Next, Is.Null);
        }
    }

    [Test]
    public async Task Tombstones_are_listed_only_if_the_query_includes_them()
    {
        var store = await NewStoreAsync();
        var kept = Create(uuid: "a", timestamp: 1000);
        var tombstone = Create(uuid: "b", timestamp: 2000, deleted: true);
        await store.PutAsync([kept, tombstone]);

        foreach (var query in new[] { new LinktreeQuery(), new LinktreeQuery { Author = Author(1) } })
        {
            Assert.That(await ListAllAsync(store, query), Is.EqualTo(new[] { kept }));
            Assert.That(await ListAllAsync(store, query with { IncludeTombstones = true }), Is.EqualTo(new[] { kept, tombstone }));
        }
    }

    [Test]
    public async Task Record_that_is_deleted_without_a_task_is_not_a_tombstone()
    {
        var store = await NewStoreAsync();
        Assert.That(
            SignedLinktree.TryCreate(Author(1), default, """{"uuid":"u","deleted":true,"timestamp":1}"""u8, out var record, out _), Is.True);
        await store.PutAsync([record!]);

        Assert.That(await ListAllAsync(store, new LinktreeQuery()), Is.EqualTo(new[] { record }));
    }

    [Test]
    public async Task List_of_an_author_contains_only_records_of_the_author([Values(1, 2, 100)] int limit)
    {
        var store = await NewStoreAsync();
        SignedLinktree[] records = [.. Enumerable.Range(0, 30).Select(i => Create(author: i % 3, uuid: $"u{i}", timestamp: 100 - (i / 6)))];
        await store.PutAsync(records);

        var expected = records.Where(record => record.Author == Author(1)).OrderBy(record => record.Version).ToArray();
        var query = new LinktreeQuery { Author = Author(1) };
        Assert.That(await ListAllAsync(store, query with { Limit = limit }), Is.EqualTo(expected));
        Assert.That((await store.ListAsync(query with { After = expected[3].Version })).Linktrees, Is.EqualTo(expected[4..]));
        Assert.That(await ListAllAsync(store, new LinktreeQuery { Author = Author(9), Limit = limit }), Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Page_ends_with_the_record_that_takes_it_to_one_mebibyte(bool byAuthor)
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        SignedLinktree[] records = [.. Enumerable.Range(0, 50).Select(i => Create(uuid: $"u{i}", timestamp: i, name: new string('x', 60_000)))];
        await store.PutAsync(records);
        var query = new LinktreeQuery { Limit = 1000, Author = byAuthor ? Author(1) : null };

        var page = await store.ListAsync(query);

        var size = page.Linktrees.Sum(record => record.Data.Length);
        Assert.That(size, Is.GreaterThanOrEqualTo(LinktreePage.MaxBytes));
        Assert.That(size - page.Linktrees[^1].Data.Length, Is.LessThan(LinktreePage.MaxBytes));
        Assert.That(await ListAllAsync(store, query), Is.EqualTo(records));
    }

    [Test]
    public async Task Pages_miss_no_record_that_stays_while_others_change()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 100);
        SignedLinktree[] records = [.. Enumerable.Range(0, 40).Select(i => Create(uuid: $"u{i}", timestamp: i))];
        await store.PutAsync(records);

        var seen = new List<SignedLinktree>();
        var query = new LinktreeQuery { Limit = 10 };
        for (var page = await store.ListAsync(query); ; page = await store.ListAsync(query with { After = page.Next }))
        {
            seen.AddRange(page.Linktrees);
            if (page.Next is null)
                break;
            await store.PutAsync([Create(uuid: "u5", timestamp: 1000 + seen.Count), Create(author: 2, uuid: $"new{seen.Count}", timestamp: 2000)]);
        }

        Assert.That(seen.Select(record => record.Uuid), Is.SupersetOf(records.Select(record => record.Uuid)));
        Assert.That(seen[^1].Uuid, Does.StartWith("new"));
    }

    [Test]
    public async Task Invalid_arguments_of_reads_throw()
    {
        var store = await NewStoreAsync();

        Assert.That(async () => await store.GetVersionsAsync(null!), Throws.ArgumentNullException);
        Assert.That(async () => await store.GetAsync(null!), Throws.ArgumentNullException);
        Assert.That(async () => await store.ListAsync(null!), Throws.ArgumentNullException);
        Assert.That(async () => await store.ListAsync(new LinktreeQuery { Limit = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Canceled_reads_throw()
    {
        var store = await NewStoreAsync();
        var record = Create();
        await store.PutAsync([record]);
        var canceled = new CancellationToken(canceled: true);

        Assert.That(async () => await store.GetVersionsAsync([record.Key], canceled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await store.GetAsync([record.Id], canceled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await store.ListAsync(new LinktreeQuery(), canceled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await store.GetAsync([record.Id]), Is.EqualTo(new[] { record }), "the store continues to work");
    }
}
