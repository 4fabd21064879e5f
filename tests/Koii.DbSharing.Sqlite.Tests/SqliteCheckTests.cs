using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>The check of all rows beside serving.</summary>
public sealed class SqliteCheckTests : SqliteFixture
{
    private const string ByKey = "task, prefix, hash";

    private static readonly SignedLinktree[] Records = [.. Enumerable.Range(1, 20).Select(i => Create(author: i, timestamp: i))];

    [TestCase(20)]
    [TestCase(2500)]
    public async Task Whole_file_is_checked_and_unchanged(int count)
    {
        await using var store = NewStore();
        await store.PutAsync([.. Enumerable.Range(0, count).Select(i => Create(author: i))]);
        await store.PutAsync([.. Enumerable.Range(0, count / 2).Select(i => Create(author: i, timestamp: 2000))]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        Assert.That(await store.CheckAsync(), Is.EqualTo(new SqliteCheckResult(count, 0, AreIndexesRebuilt: false)));

        Assert.That((await store.ReadChangesAsync(position, 10)).IsTrimmed, Is.False);
    }

    [Test]
    public async Task Identity_that_was_stored_twice_because_of_an_index_has_its_newer_version_only()
    {
        await PutAndCloseAsync(Records);
        EditIndex("linktree_by_key", ByKey, "UPDATE entries SET hash = hash + 1 WHERE row = (SELECT row FROM linktree ORDER BY row LIMIT 1 OFFSET 4)");
        await using var store = NewStore();
        var edited = Create(author: 5, timestamp: 1000);
        Assert.That(await store.PutAsync([edited]), Is.EqualTo(new[] { PutOutcome.Inserted }), "the index does not lead to the older version");

        Assert.That(await store.CheckAsync(), Is.EqualTo(new SqliteCheckResult(21, 1, AreIndexesRebuilt: true)));

        await AssertStoresAsync(store, [.. Records.Where((_, i) => i != 4), edited]);
    }

    [TestCase("linktree_by_key", ByKey)]
    [TestCase("linktree_by_id", "task, prefix")]
    [TestCase("linktree_by_time", "task, timestamp, prefix")]
    public async Task Index_without_an_entry_is_built_again(string index, string columns)
    {
        await PutAndCloseAsync(Records);
        EditIndex(index, columns, "DELETE FROM entries WHERE row = (SELECT max(row) FROM linktree)");
        await using var store = NewStore();

        Assert.That(await store.CheckAsync(), Is.EqualTo(new SqliteCheckResult(20, 0, AreIndexesRebuilt: true)));

        await AssertStoresAsync(store, Records);
        Assert.That(await store.CheckAsync(), Is.EqualTo(new SqliteCheckResult(20, 0, AreIndexesRebuilt: false)));
    }

    [TestCase("linktree_by_key", ByKey)]
    [TestCase("linktree_by_id", "task, prefix")]
    [TestCase("linktree_by_time", "task, timestamp, prefix")]
    public async Task Index_with_an_entry_of_no_row_is_built_again(string index, string columns)
    {
        await PutAndCloseAsync(Records);
        EditIndex(index, columns, $"INSERT INTO entries SELECT {columns}, row + 1000 FROM entries LIMIT 1");
        await using var store = NewStore();

        Assert.That((await store.CheckAsync()).AreIndexesRebuilt, Is.True);

        await AssertStoresAsync(store, Records);
    }

    [TestCase("linktree_by_key", ByKey)]
    [TestCase("linktree_by_id", "task, prefix")]
    [TestCase("linktree_by_time", "task, timestamp, prefix")]
    public async Task Replacement_of_a_row_that_an_index_lacks_builds_the_index_again(string index, string columns)
    {
        await PutAndCloseAsync(Records);
        EditIndex(index, columns, $"DELETE FROM entries WHERE row = (SELECT row FROM linktree WHERE timestamp = 7)");
        await using var store = NewStore();
        SignedLinktree[] edited = [.. Records.Select((_, i) => Create(author: i + 1, timestamp: 101 + i))];

        await store.PutAsync(edited);
        await store.CheckAsync();

        await AssertStoresAsync(store, edited);
    }

    [TestCase("UPDATE linktree SET uuid_hash = uuid_hash + 1 WHERE timestamp = 7", 1)]
    [TestCase("UPDATE linktree SET task = 2 WHERE timestamp = 7", 1)]
    [TestCase("UPDATE linktree SET size = size + 1 WHERE timestamp = 7", 1)]
    [TestCase("UPDATE linktree SET tombstone = 3 WHERE timestamp = 7", 1)]
    [TestCase("UPDATE linktree SET author = x'01' WHERE timestamp = 7", 1)]
    [TestCase("DELETE FROM linktree_data WHERE row = (SELECT row FROM linktree WHERE timestamp = 7)", 1)]
    [TestCase("UPDATE linktree_data SET row = row + 1000 WHERE row = (SELECT row FROM linktree WHERE timestamp = 7)", 1)]
    [TestCase("UPDATE linktree SET row = row + 1000 WHERE timestamp = 7", 1)]
    [TestCase("INSERT INTO linktree_data SELECT row + 1000, data FROM linktree_data LIMIT 1", 0)]
    [TestCase("UPDATE removal SET id = zeroblob(3) WHERE row = (SELECT max(row) FROM removal)", 1)]
    [TestCase("UPDATE task SET records = 1000, bytes = 1", 0)]
    [TestCase("UPDATE task SET changes = 5", 0)]
    [TestCase("UPDATE task SET trimmed = 1000000", 0)]
    public async Task Damage_is_repaired_so_that_good_copies_make_the_set_whole(string damage, int moved)
    {
        await PutAndCloseAsync([Create(author: 1, timestamp: 0), Create(author: 2, timestamp: 0), .. Records]);
        Execute(damage);
        var log = new ListLogger();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), logger: new Logger<SqliteLinktreeStore>(log));

        Assert.That((await store.CheckAsync()).MovedRows, Is.EqualTo(moved));
        await store.PutAsync(Records);

        await AssertStoresAsync(store, Records);
        Assert.That(log.Names(LogLevel.Error), Is.EqualTo(Enumerable.Repeat("RowDamaged", moved)).Or.EquivalentTo(new[] { "RowDamaged", "IndexesRebuilt" }));
        Assert.That((await store.CheckAsync()).MovedRows, Is.Zero);
        using var connection = Connect();
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task Damaged_row_is_kept_for_the_operator_as_it_was_found()
    {
        await PutAndCloseAsync(Records);
        Execute("UPDATE linktree SET signature = x'0102' WHERE timestamp = 7");
        await using var store = NewStore();

        await store.CheckAsync();

        Assert.That(
            Query("SELECT hex(signature) || timestamp || reason || length(data) FROM damaged"),
            Is.EqualTo($"01027the columns do not match the checksum{Records[6].Data.Length}"));
    }

    [Test]
    public async Task Canceled_check_throws()
    {
        await using var store = NewStore();
        await store.PutAsync(Records);

        Assert.That(async () => await store.CheckAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Host_checks_the_file_after_its_start_and_once_a_day()
    {
        await PutAndCloseAsync(Records);
        Execute("UPDATE linktree SET signature = zeroblob(64) WHERE timestamp = 7");
        var (clock, log) = (new FakeClock(), new ListLogger());
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton<ILogger<SqliteLinktreeStore>>(new Logger<SqliteLinktreeStore>(log));
        services.AddDbSharing(options => options.TaskId = TaskId).UseSqlite(File.ConnectionString).UseSqlite(File.ConnectionString);
        await using var provider = services.BuildServiceProvider();
        var service = provider.GetServices<IHostedService>().OfType<StoreCheckService>().Single();

        await service.StartAsync(default);
        await CompleteCheckAsync(clock);
        Assert.That(log.Names(LogLevel.Information), Is.EqualTo(new[] { "RowDamaged", "Checked" }));
        clock.Advance(TimeSpan.FromDays(1));
        await CompleteCheckAsync(clock);
        await service.StopAsync(default);

        Assert.That(log.Names(LogLevel.Information), Is.EqualTo(new[] { "RowDamaged", "Checked", "Checked" }));
    }

    /// <summary>Advances the clock over the pauses after the rows and after the removals.</summary>
    private static async Task CompleteCheckAsync(FakeClock clock)
    {
        for (var i = 0; i < 2; i++)
        {
            await clock.WhenTimerIsSetAsync(TimeSpan.FromMilliseconds(50));
            clock.Advance(TimeSpan.FromMilliseconds(50));
        }

        await clock.WhenTimerIsSetAsync(TimeSpan.FromDays(1));
    }

    private async Task PutAndCloseAsync(SignedLinktree[] records)
    {
        await using var store = NewStore();
        await store.PutAsync(records);
    }

    private static async Task AssertStoresAsync(SqliteLinktreeStore store, SignedLinktree[] expected)
    {
        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(expected));
        Assert.That(await store.GetAsync([.. expected.Select(record => record.Id)]), Is.EqualTo(expected));
        Assert.That(await store.GetVersionsAsync([.. expected.Select(record => record.Key)]), Is.EqualTo(expected.Select(record => record.Version)));
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();
        Assert.That(feed.Versions, Is.EqualTo(expected.Select(record => record.Version)));
    }
}
