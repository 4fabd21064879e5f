using Koii.DbSharing.Records;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Microsoft.Data.Sqlite;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>What an SQLite file adds to the contract: who shares it, what may be wrong with it, what is left of it.</summary>
public sealed class SqliteFileTests
{
    private readonly LinktreeQuery _everything = new() { IncludeTombstones = true };
    private SqliteFile _file;

    [SetUp]
    public void Make_a_file() => _file = new SqliteFile();

    [TearDown]
    public void Delete_the_file() => _file.Dispose();

    [Test]
    public async Task File_uses_a_write_ahead_log_and_full_synchronisation()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);

        Assert.That(Query("PRAGMA journal_mode"), Is.EqualTo("wal"));
        using var database = OpenDatabase.Open(SqliteStoreSettings.From(_file.ConnectionString, Options(), 10), TimeProvider.System);
        Assert.That(database.Connection.ReadInt64("PRAGMA synchronous"), Is.EqualTo(2));
        Assert.That(database.Connection.ReadInt64("PRAGMA busy_timeout"), Is.EqualTo(LinktreeConnection.BusyTimeoutMilliseconds));
    }

    [Test]
    public async Task Nothing_but_the_database_is_left_after_the_last_store_is_closed()
    {
        var store = NewStore();
        var other = NewStore();
        await store.PutAsync([Create(uuid: "a")]);
        await other.PutAsync([Create(uuid: "b")]);
        await store.ListAsync(_everything);

        await store.DisposeAsync();
        await store.DisposeAsync();
        Assert.That((await other.ListAsync(_everything)).Linktrees, Has.Count.EqualTo(2));
        other.Dispose();

        Assert.That(_file.FileNames, Is.EqualTo(new[] { "linktrees.db" }));
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"));
    }

    [Test]
    public async Task Closed_store_refuses_calls()
    {
        var store = NewStore();
        await store.PutAsync([Create()]);
        await store.DisposeAsync();

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await store.ListAsync(_everything), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Two_stores_over_one_file_see_each_other_and_share_the_limits()
    {
        await using var one = NewStore(Options(linktreesPerAuthor: 2, maxRecords: 3));
        await using var two = NewStore(Options(linktreesPerAuthor: 2, maxRecords: 3));
        await one.PutAsync([Create(uuid: "a", timestamp: 1000), Create(author: 2, uuid: "b", timestamp: 1000)]);

        Assert.That(await two.PutAsync([Create(uuid: "a", timestamp: 1000), Create(uuid: "c", timestamp: 3000)]), Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Inserted }));
        Assert.That(await one.PutAsync([Create(author: 3), Create(uuid: "d", timestamp: 2000)]), Is.EqualTo(new[] { PutOutcome.Full, PutOutcome.Inserted }));
        Assert.That((await two.ListAsync(_everything)).Linktrees.Select(record => record.Uuid), Is.EqualTo(new[] { "b", "d", "c" }));
        await new FollowedFeed(one).ReadOnAsync();
    }

    [Test]
    public async Task Two_stores_write_one_new_file_at_the_same_time()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        TestContext.Out.WriteLine($"seed {Seed}");
        SignedLinktree[] records = [.. Enumerable.Range(0, 300).Select(_ => Create(random.Next(4), $"u{random.Next(6)}", random.Next(50), $"n{random.Next(3)}"))];
        var orders = new[] { records, [.. records.OrderBy(_ => random.Next())], [.. records.Reverse()] };

        await Task.WhenAll(orders.Select(order => Task.Run(async () =>
        {
            await using var store = NewStore(Options(linktreesPerAuthor: 3));
            foreach (var page in order.Chunk(10))
                await store.PutAsync(page);
        })));

        await using var store = NewStore(Options(linktreesPerAuthor: 3));
        Assert.That((await store.ListAsync(_everything)).Linktrees, Is.EqualTo(LinktreeModel.StateAfter(records, 3)));
        var feed = new FollowedFeed(store);
        await feed.ReadOnAsync();
        Assert.That(feed.Versions, Is.EqualTo((await store.ListAsync(_everything)).Linktrees.Select(record => record.Version)));
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"));
        Assert.That(Query("SELECT (SELECT records FROM task) - (SELECT count(*) FROM linktree)"), Is.EqualTo("0"));
    }

    [Test]
    public async Task Higher_limit_of_another_store_is_brought_down_by_the_next_record_and_the_next_opening()
    {
        await using var generous = NewStore(Options(linktreesPerAuthor: 8));
        await using var strict = NewStore(Options(linktreesPerAuthor: 2));
        await strict.ListAsync(_everything);
        await generous.PutAsync([.. Enumerable.Range(0, 5).SelectMany(i => new[] { Create(1, $"u{i}", i), Create(2, $"u{i}", i) })]);

        await strict.PutAsync([Create(1, "newest", 100)]);
        Assert.That((await strict.ListAsync(_everything with { Author = Author(1) })).Linktrees.Select(record => record.Uuid), Is.EqualTo(new[] { "u4", "newest" }));
        await using var reopened = NewStore(Options(linktreesPerAuthor: 2));
        Assert.That((await reopened.ListAsync(_everything with { Author = Author(2) })).Linktrees.Select(record => record.Uuid), Is.EqualTo(new[] { "u3", "u4" }));
    }

    [Test]
    public async Task Tasks_in_one_file_have_nothing_in_common()
    {
        await using var one = NewStore(new DbSharingOptions { TaskId = "one", MaxRecords = 1, LinktreesPerAuthor = 1 });
        await using var two = NewStore(new DbSharingOptions { TaskId = "two", MaxRecords = 1, LinktreesPerAuthor = 1 });
        var shared = Create(uuid: "same", timestamp: 1000);
        await one.PutAsync([shared]);

        Assert.That((await two.ListAsync(_everything)).Linktrees, Is.Empty);
        Assert.That(await two.GetAsync([shared.Id]), Is.Empty);
        Assert.That(await two.GetVersionsAsync([shared.Key]), Is.EqualTo(new LinktreeVersion?[] { null }));
        Assert.That((await two.ListAsync(_everything with { Author = shared.Author })).Linktrees, Is.Empty);
        Assert.That(await two.PutAsync([shared, Create(uuid: "newer", timestamp: 2000), Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Full }));
        Assert.That((await one.ListAsync(_everything)).Linktrees, Is.EqualTo(new[] { shared }));
        Assert.That(await new FollowedFeed(one).ReadOnAsync(), Has.Count.EqualTo(1));
        Assert.That(await new FollowedFeed(two).ReadOnAsync(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Readers_do_not_wait_for_a_writer()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE; UPDATE task SET records = 17");

        Assert.That((await store.ListAsync(_everything)).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
        Execute(other, "ROLLBACK");
    }

    [Test]
    public async Task File_of_a_newer_version_is_refused()
    {
        await PutAndCloseAsync(Create());
        Execute("PRAGMA user_version = 999");
        await using var store = NewStore();

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("schema version 999").And.Message.Contains("Update the package"));
        Assert.That(async () => await store.ListAsync(_everything), Throws.InstanceOf<LinktreeStoreException>());
    }

    [Test]
    public async Task File_of_another_application_is_refused()
    {
        Execute("CREATE TABLE task (name TEXT)");
        await using var store = NewStore();

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("another application"));
        Assert.That(Query("SELECT count(*) FROM sqlite_schema"), Is.EqualTo("1"));
    }

    [Test]
    public async Task File_that_is_no_database_is_refused()
    {
        await File.WriteAllTextAsync(_file.Path, new string('x', 10_000));
        await using var store = NewStore();

        Assert.That(
            async () => await store.ListAsync(_everything),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains(_file.Path).And.Message.Contains("no SQLite database").And.Property("IsTransient").False);
    }

    [Test]
    public async Task Missing_directory_is_named_and_the_next_call_works_once_it_is_there()
    {
        var directory = Path.Combine(Path.GetDirectoryName(_file.Path)!, "missing");
        await using var store = new SqliteLinktreeStore($"Data Source={Path.Combine(directory, "linktrees.db")}", Options());

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"the directory '{directory}' does not exist"));
        Assert.That(async () => await store.ListAsync(_everything), Throws.InstanceOf<LinktreeStoreException>());
        Directory.CreateDirectory(directory);

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Read_only_file_is_reported_as_such()
    {
        await PutAndCloseAsync(Create());
        await using var store = new SqliteLinktreeStore($"Data Source=file:{_file.Path}?mode=ro", Options());

        Assert.That(async () => await store.PutAsync([Create(author: 2)]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only").And.Property("IsTransient").False);
    }

    [Test]
    public async Task Full_disk_stores_nothing_of_the_page_and_the_store_goes_on_when_there_is_room()
    {
        await using var store = NewStore(Options(linktreesPerAuthor: 1000));
        await store.PutAsync([Create()]);
        store.Database!.Connection.Execute("PRAGMA max_page_count = 40");
        SignedLinktree[] page = [.. Enumerable.Range(0, 100).Select(i => Create(uuid: $"u{i}", name: new string('x', 5000)))];

        Assert.That(async () => await store.PutAsync(page), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("full").And.Property("IsTransient").False);
        Assert.That((await store.ListAsync(_everything)).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
        store.Database!.Connection.Execute("PRAGMA max_page_count = 100000");

        Assert.That(await store.PutAsync(page), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Busy_file_is_a_transient_failure()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        store.Database!.Connection.Execute("PRAGMA busy_timeout = 0");
        using (var other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            Assert.That(async () => await store.PutAsync([Create(author: 2)]), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("busy"));
            Execute(other, "ROLLBACK");
        }

        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Record_that_was_changed_on_the_disk_is_reported_and_not_served()
    {
        await using var store = NewStore();
        var record = Create(name: "honest");
        await store.PutAsync([record, Create(author: 2)]);
        Execute("UPDATE linktree SET data = CAST(replace(CAST(data AS TEXT), 'honest', 'forged') AS BLOB)");

        Assert.That(async () => await store.GetAsync([record.Id]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("damaged"));
        Assert.That(async () => await store.ListAsync(_everything), Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(await store.GetAsync([Create(author: 2).Id]), Has.Count.EqualTo(1), "the rest is served");
    }

    [TestCase("Data Source=:memory:")]
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("Pooling=True")]
    [TestCase("Data Source=x;Mode=Memory")]
    [TestCase("Data Source=x;Mode=Memory;Cache=Shared")]
    [TestCase("Data Source=file::memory:?cache=shared")]
    [TestCase("Data Source=file:x?mode=memory")]
    public void Database_in_memory_is_refused(string connectionString) =>
        Assert.That(() => new SqliteLinktreeStore(connectionString, Options()), Throws.InstanceOf<ArgumentException>());

    [Test]
    public void Refusals_of_connection_strings_say_what_to_do()
    {
        Assert.That(() => new SqliteLinktreeStore("Data Source=:memory:", Options()), Throws.ArgumentException.With.Message.Contains("UseInMemory"));
        Assert.That(() => new SqliteLinktreeStore("Data Source=x;Mode=ReadOnly", Options()), Throws.ArgumentException.With.Message.Contains("Mode=ReadOnly"));
        Assert.That(() => new SqliteLinktreeStore("Data Source=x;Cache=Shared", Options()), Throws.ArgumentException.With.Message.Contains("Cache=Shared"));
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", Options(linktreesPerAuthor: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", Options(maxRecords: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", null!), Throws.ArgumentNullException);
    }

    [Test]
    public async Task Author_with_very_many_records_is_listed_in_order()
    {
        await using var store = NewStore(Options(linktreesPerAuthor: 3000));
        SignedLinktree[] records = [.. Enumerable.Range(0, 4000).Select(i => Create(uuid: $"u{i}", timestamp: i * 7919 % 4000))];
        foreach (var page in records.Chunk(512))
            await store.PutAsync(page);

        var listed = await store.ListAsync(_everything with { Author = Author(1), Limit = 5000 });

        Assert.That(listed.Linktrees, Is.EqualTo(LinktreeModel.StateAfter(records, 3000)));
    }

    private SqliteLinktreeStore NewStore(DbSharingOptions? options = null) => new(_file.ConnectionString, options ?? Options());

    private async Task PutAndCloseAsync(SignedLinktree record)
    {
        await using var store = NewStore();
        await store.PutAsync([record]);
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(_file.ConnectionString + ";Pooling=False");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private string Query(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
