using Koii.DbSharing.StoreContract;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>The file of a store: its settings, files that a store rejects, and what remains when it is closed.</summary>
public sealed class SqliteFileTests : SqliteFixture
{
    [Test]
    public async Task File_uses_a_write_ahead_log_and_full_synchronization()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);

        Assert.That(Query("PRAGMA journal_mode"), Is.EqualTo("wal"));
        var settings = SqliteStoreSettings.From(File.ConnectionString, Options());
        using var database = SqliteDatabase.Open(settings, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        Assert.That(database.Connection.ReadInt64("PRAGMA synchronous"), Is.EqualTo(2));
    }

    [Test]
    public async Task Only_the_database_remains_after_the_last_store_is_closed()
    {
        var store = NewStore();
        var other = NewStore();
        await store.PutAsync([Create(uuid: "a")]);
        await other.PutAsync([Create(uuid: "b")]);
        await store.ListAsync(Everything);

        await store.DisposeAsync();
        await store.DisposeAsync();
        Assert.That((await other.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(2));
        other.Dispose();

        Assert.That(File.FileNames, Is.EqualTo(new[] { "linktrees.db" }));
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"));
    }

    [Test]
    public async Task Closed_store_throws()
    {
        var store = NewStore();
        await store.PutAsync([Create()]);
        await store.DisposeAsync();

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await store.ListAsync(Everything), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task File_of_a_newer_version_is_rejected()
    {
        await PutAndCloseAsync(Create());
        Execute("PRAGMA user_version = 999");
        await using var store = NewStore();

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("schema version 999").And.Message.Contains("Update the package"));
        Assert.That(async () => await store.ListAsync(Everything), Throws.InstanceOf<LinktreeStoreException>());
    }

    [Test]
    public async Task File_of_version_0_1_is_rejected_and_unchanged()
    {
        // What the schema of that version began with.
        Execute("PRAGMA application_id = 1265592681; CREATE TABLE task (task INTEGER PRIMARY KEY); PRAGMA user_version = 2");
        await using var store = NewStore();

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("version 0.1").And.Message.Contains("another file"));
        Assert.That(Query("SELECT count(*) FROM sqlite_schema"), Is.EqualTo("1"));
    }

    [Test]
    public async Task File_of_another_application_is_rejected()
    {
        Execute("CREATE TABLE task (name TEXT)");
        await using var store = NewStore();

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("another application"));
        Assert.That(Query("SELECT count(*) FROM sqlite_schema"), Is.EqualTo("1"));
    }

    [Test]
    public async Task File_that_is_not_a_database_is_rejected()
    {
        await System.IO.File.WriteAllTextAsync(File.Path, new string('x', 10_000));
        await using var store = NewStore();

        Assert.That(
            async () => await store.ListAsync(Everything),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains(File.Path)
                .And.Message.Contains("is not an SQLite database").And.Property("IsTransient").False);
    }

    [Test]
    public async Task Missing_directory_is_named_and_the_next_call_succeeds_once_it_exists()
    {
        var directory = Path.Combine(Path.GetDirectoryName(File.Path)!, "missing");
        await using var store = new SqliteLinktreeStore($"Data Source={Path.Combine(directory, "linktrees.db")}", Options());

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"the directory '{directory}' does not exist"));
        Assert.That(async () => await store.ListAsync(Everything), Throws.InstanceOf<LinktreeStoreException>());
        Directory.CreateDirectory(directory);

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Author_with_very_many_records_is_listed_in_order()
    {
        await using var store = NewStore(Options(linktreesPerAuthor: 3000));
        SignedLinktree[] records = [.. Enumerable.Range(0, 4000).Select(i => Create(uuid: $"u{i}", timestamp: i * 7919 % 4000))];
        foreach (var batch in records.Chunk(512))
            await store.PutAsync(batch);

        var listed = await store.ListAsync(Everything with { Author = Author(1), Limit = 5000 });

        Assert.That(listed.Linktrees, Is.EqualTo(LinktreeModel.StateAfter(records, 3000)));
    }

    [TestCase(StoreReader.ListSql, "linktree_by_time (task=? AND timestamp>?)")]
    [TestCase(StoreReader.ListSameTimeSql, "linktree_by_time (task=? AND timestamp=? AND <expr>>?)")]
    [TestCase(StoreReader.VersionSql, "linktree_by_key (task=? AND <expr>=? AND uuid_hash=?)")]
    [TestCase(LinktreeTable.CountPrefixSql, "COVERING INDEX linktree_by_key (task=? AND <expr>=?)")]
    [TestCase(StoreReader.ByIdSql, "linktree_by_id (task=? AND <expr>=?)")]
    public async Task Reads_find_their_rows_by_an_index_without_sorting(string sql, string search)
    {
        await PutAndCloseAsync(Create());
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        for (var parameter = 1; sql.Contains($"?{parameter}", StringComparison.Ordinal); parameter++)
            command.Parameters.AddWithValue($"?{parameter}", 0);
        using var reader = command.ExecuteReader();

        Assert.That(reader.Read(), Is.True);
        Assert.That(reader.GetString(3), Does.EndWith(search));
        Assert.That(reader.Read(), Is.False);
    }
}
