using Koii.DbSharing.TestSupport;
using Microsoft.Data.Sqlite;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>The length of the write-ahead log, and what a loss of it can cost.</summary>
public sealed class SqliteLogTests : SqliteFixture
{
    private long LogLength => new FileInfo(File.Path + "-wal").Length;

    [TestCase(1)]
    [TestCase(500)]
    public async Task Database_has_at_least_half_of_a_young_store(int batch)
    {
        await using var store = NewStore();
        foreach (var records in Enumerable.Range(0, 500).Select(i => Create(author: i)).Chunk(batch))
            await store.PutAsync(records);
        using var withoutLog = new SqliteFile();
        System.IO.File.Copy(File.Path, withoutLog.Path);

        await using var rest = new SqliteLinktreeStore(withoutLog.ConnectionString, Options());

        Assert.That((await rest.ListAsync(Everything)).Linktrees, Has.Count.GreaterThanOrEqualTo(250));
        Assert.That(Query(withoutLog, "PRAGMA integrity_check"), Is.EqualTo("ok"));
    }

    [Test]
    public async Task Log_is_empty_when_the_store_is_idle()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        Assert.That(LogLength, Is.Positive);

        clock.Advance(SqliteLinktreeStore.IdleTime - TimeSpan.FromMilliseconds(1));
        Assert.That(LogLength, Is.Positive);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(LogLength, Is.Zero);
        Assert.That(clock.IsIdle, Is.True, "an idle store has no timer");
    }

    [Test]
    public async Task Log_that_is_still_read_when_the_store_is_idle_is_emptied_later()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        using (var other = Connect())
        {
            BeginToRead(other);
            await store.PutAsync([Create(author: 2)]);
            clock.Advance(SqliteLinktreeStore.IdleTime);
            Assert.That(LogLength, Is.Positive);
            Execute(other, "COMMIT");
        }

        clock.Advance(SqliteLinktreeStore.IdleTime);

        Assert.That(LogLength, Is.Zero);
    }

    [Test]
    public async Task Log_beyond_its_bound_is_emptied_by_a_write_once_no_read_needs_it()
    {
        const long PageBytes = 8192;
        const int BatchRecords = 70;
        const int RecordBytes = 60_000;
        await using var store = NewStore(Options(linktreesPerAuthor: 1000));
        var batches = 0;
        using var other = Connect();
        await PutAsync();
        BeginToRead(other);
        while (LogLength < LogCheckpoints.MaxPagesInLog * PageBytes)
            await PutAsync();
        Execute(other, "COMMIT");

        // The log is looked at again at the latest when as much was written as between two checkpoints.
        for (var written = 0L; written < (LogCheckpoints.MaxPagesBetween * PageBytes) + (BatchRecords * RecordBytes); written += BatchRecords * RecordBytes)
            await PutAsync();

        Assert.That(LogLength, Is.LessThan(LogCheckpoints.MaxPagesInLog * PageBytes));

        ValueTask<IReadOnlyList<PutOutcome>> PutAsync()
        {
            batches++;
            return store.PutAsync([.. Enumerable.Range(0, BatchRecords).Select(i => Sized(batches, $"u{i}", timestamp: 1, RecordBytes))]);
        }
    }

    private static void BeginToRead(SqliteConnection connection)
    {
        Execute(connection, "BEGIN");
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM task";
        command.ExecuteScalar();
    }
}
