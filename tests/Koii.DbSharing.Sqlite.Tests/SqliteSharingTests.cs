using System.Collections;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>Several stores with one file, for one task and for several.</summary>
public sealed class SqliteSharingTests : SqliteFixture
{
    [Test]
    public async Task Stores_open_and_write_one_new_file_concurrently()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        TestContext.Out.WriteLine($"seed {Seed}");
        SignedLinktree[] records =
            [.. Enumerable.Range(0, 300).Select(_ => Create(random.Next(4), $"u{random.Next(6)}", random.Next(50), $"n{random.Next(3)}"))];
        var orders = new[] { records, [.. records.OrderBy(_ => random.Next())], [.. records.Reverse()] };

        await Task.WhenAll(orders.Select(order => Task.Run(async () =>
        {
            await using var store = NewStore(Options(linktreesPerAuthor: 3));
            foreach (var batch in order.Chunk(10))
                await store.PutAsync(batch);
        })));

        await using var store = NewStore(Options(linktreesPerAuthor: 3));
        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(LinktreeModel.StateAfter(records, 3)));
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();
        Assert.That(feed.Versions, Is.EqualTo((await store.ListAsync(Everything)).Linktrees.Select(record => record.Version)));
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"));
        Assert.That(Query("SELECT (SELECT records FROM task) - (SELECT count(*) FROM linktree)"), Is.EqualTo("0"));
    }

    [Test]
    public async Task Authors_beyond_the_limit_are_trimmed_by_the_next_record_and_the_next_opening()
    {
        await using var generous = NewStore(Options(linktreesPerAuthor: 8));
        await using var strict = NewStore(Options(linktreesPerAuthor: 2));
        await strict.ListAsync(Everything);
        await generous.PutAsync([.. Enumerable.Range(0, 5).SelectMany(i => new[] { Create(1, $"u{i}", i), Create(2, $"u{i}", i) })]);

        Assert.That(await strict.PutAsync([Create(1, "between", 2)]), Is.EqualTo(new[] { PutOutcome.Superseded }));
        Assert.That(
            (await strict.ListAsync(Everything with { Author = Author(1) })).Linktrees.Select(record => record.Uuid),
            Is.EqualTo(new[] { "u3", "u4" }));
        await using var reopened = NewStore(Options(linktreesPerAuthor: 2));
        Assert.That(
            (await reopened.ListAsync(Everything with { Author = Author(2) })).Linktrees.Select(record => record.Uuid),
            Is.EqualTo(new[] { "u3", "u4" }));
    }

    [Test]
    public async Task Readers_do_not_wait_for_a_writer()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE; UPDATE task SET records = 17");

        Assert.That((await store.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
        Execute(other, "ROLLBACK");
    }

    [Test]
    public async Task Batch_has_the_write_lock_before_its_first_record_is_compared()
    {
        await PutAndCloseAsync(Create());
        var settings = SqliteStoreSettings.From(File.ConnectionString, Options());
        using var database = SqliteDatabase.Open(settings, TimeProvider.System, NullLogger.Instance, default);
        using var other = new StoreConnection(settings, cacheKilobytes: 100);
        other.SetBusyTimeout(TimeSpan.Zero);
        var rejections = 0;

        database.Writer.TryBegin();
        database.Writer.Put(new ObservedBatch([Create()], () =>
        {
            Assert.That(() => other.Execute("BEGIN IMMEDIATE"), Throws.InstanceOf<SqliteException>().With.Property("SqliteErrorCode").EqualTo(5));
            rejections++;
        }), default);

        Assert.That(rejections, Is.GreaterThan(0));
        other.Execute("BEGIN IMMEDIATE");
    }

    private sealed class ObservedBatch(IReadOnlyList<SignedLinktree> items, Action onRead) : IReadOnlyList<SignedLinktree>
    {
        public int Count => items.Count;

        public SignedLinktree this[int index]
        {
            get
            {
                onRead();
                return items[index];
            }
        }

        public IEnumerator<SignedLinktree> GetEnumerator() => items.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
