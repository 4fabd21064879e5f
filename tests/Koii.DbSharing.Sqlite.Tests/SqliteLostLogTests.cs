using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>
/// What is logged when a file is opened whose log was deleted, or is damaged, after an unclean stop. A copy of the files of an open
/// store is what an unclean stop leaves.
/// </summary>
public sealed class SqliteLostLogTests : SqliteFixture
{
    private const int LogHeader = 32;

    private const int Frame = 24 + 8192;

    [Test]
    public async Task Missing_log_is_reported_once_after_an_unclean_stop()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        using var copy = Copy("");

        var (lines, _) = await OpenAsync(copy);
        Assert.That(lines, Is.EqualTo(new[] { "LogMissing", "CheckStarted", "CheckEnded" }));

        Assert.That((await OpenAsync(copy)).Lines, Is.Empty, "it was closed properly");
    }

    [Test]
    public async Task Log_that_was_emptied_before_an_unclean_stop_is_not_reported()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        clock.Advance(SqliteLinktreeStore.IdleTime);
        using var copy = Copy("", "-wal");

        var (lines, records) = await OpenAsync(copy);

        Assert.That(lines, Is.EqualTo(new[] { "CheckStarted", "CheckEnded" }));
        Assert.That(records, Is.EqualTo(1));
    }

    [Test]
    public async Task Intact_log_is_not_reported()
    {
        using var copy = await CopyWithTransactionsAsync(10);

        var (lines, records) = await OpenAsync(copy);

        Assert.That(lines, Is.EqualTo(new[] { "CheckStarted", "CheckEnded" }));
        Assert.That(records, Is.EqualTo(11));
    }

    [Test]
    public async Task Bit_that_was_changed_in_the_middle_of_the_log_is_reported_with_the_number_of_lost_transactions()
    {
        using var copy = await CopyWithTransactionsAsync(10);
        var whole = LogContent.Read(copy.Path + "-wal", default);
        Assert.That(whole, Is.EqualTo(new LogContent(10, 0)));
        FlipBit(copy, LogHeader + ((new FileInfo(copy.Path + "-wal").Length - LogHeader) / Frame / 2 * Frame) + 1000);
        var content = LogContent.Read(copy.Path + "-wal", default);
        Assert.That(content.Transactions + content.LostTransactions, Is.EqualTo(10));
        Assert.That(content.LostTransactions, Is.InRange(1, 9));

        var (lines, records) = await OpenAsync(copy, "LogDamaged", $"{content.Transactions} transactions were read, and {content.LostTransactions} after");

        Assert.That(lines, Is.EqualTo(new[] { "LogDamaged", "CheckStarted", "CheckEnded" }));
        Assert.That(records, Is.EqualTo(1 + content.Transactions), "SQLite reads as many");
        Assert.That((await OpenAsync(copy)).Lines, Is.Empty);
    }

    [TestCase(0)]
    [TestCase(8)]
    [TestCase(17)]
    [TestCase(25)]
    public async Task Damaged_header_of_the_log_is_reported(int offset)
    {
        using var copy = await CopyWithTransactionsAsync(3);
        FlipBit(copy, offset);

        var (lines, records) = await OpenAsync(copy);

        Assert.That(lines, Has.Member("LogDamaged"));
        Assert.That(records, Is.EqualTo(1));
    }

    [Test]
    public async Task Older_frames_after_the_end_of_a_log_that_started_over_are_not_lost_transactions()
    {
        await using var store = NewStore();
        await store.PutAsync([.. Enumerable.Range(0, 100).Select(i => Create(author: i))]);
        store.Database!.Connection.Checkpoint();
        await store.PutAsync([Create(author: 200)]);
        using var copy = Copy("", "-wal");
        Assert.That(LogContent.Read(copy.Path + "-wal", default), Is.EqualTo(new LogContent(1, 0)));

        Assert.That((await OpenAsync(copy)).Lines, Is.EqualTo(new[] { "CheckStarted", "CheckEnded" }));
    }

    [Test]
    public async Task Transaction_that_was_written_in_part_is_not_a_lost_one()
    {
        using var copy = await CopyWithTransactionsAsync(3);
        using (var log = System.IO.File.OpenWrite(copy.Path + "-wal"))
            log.SetLength(log.Length - 100);

        var (lines, records) = await OpenAsync(copy);

        Assert.That(lines, Is.EqualTo(new[] { "CheckStarted", "CheckEnded" }));
        Assert.That(records, Is.EqualTo(3));
    }

    [Test]
    public async Task Backup_of_an_open_store_is_opened_without_a_report()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        using var copy = new SqliteFile();
        await store.BackupAsync(copy.Path);

        Assert.That((await OpenAsync(copy)).Lines, Is.Empty);
    }

    [Test]
    public async Task File_that_several_stores_open_and_close_is_opened_without_a_report()
    {
        var logger = new ListLogger();
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(task => Task.Run(async () =>
            {
                await using var store = NewStore(logger, Options(taskId: $"task {task % 2}"));
                await store.PutAsync([Create(author: task, timestamp: i)]);
            })));
        }

        Assert.That(logger.Names(LogLevel.Warning), Is.Empty);
    }

    private SqliteLinktreeStore NewStore(ListLogger logger, DbSharingOptions options) => NewStore(File, logger, options);

    private static SqliteLinktreeStore NewStore(SqliteFile file, ListLogger logger, DbSharingOptions options) =>
        new(file.ConnectionString, options, logger: new Logger<SqliteLinktreeStore>(logger));

    /// <summary>Opens a file and closes it; returns the events of the log and the number of records.</summary>
    private static async Task<(string[] Lines, int Records)> OpenAsync(SqliteFile file, string? name = null, string? text = null)
    {
        var logger = new ListLogger(LogLevel.Information);
        await using var store = NewStore(file, logger, Options());
        var records = (await store.ListAsync(Everything)).Linktrees.Count;
        if (name is not null)
            Assert.That(logger.Lines.Single(line => line.Event.Name == name).Text, Does.Contain(text).And.Contain(file.Path));
        return ([.. logger.Names()], records);
    }

    /// <summary>A database with one record, and a log with one more for each transaction.</summary>
    private async Task<SqliteFile> CopyWithTransactionsAsync(int transactions)
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        clock.Advance(SqliteLinktreeStore.IdleTime);
        for (var i = 0; i < transactions; i++)
            await store.PutAsync([Create(author: 2 + i)]);
        return Copy("", "-wal");
    }

    private SqliteFile Copy(params string[] suffixes)
    {
        var copy = new SqliteFile();
        foreach (var suffix in suffixes)
            System.IO.File.Copy(File.Path + suffix, copy.Path + suffix);
        return copy;
    }

    private static void FlipBit(SqliteFile file, long offset)
    {
        using var log = new FileStream(file.Path + "-wal", FileMode.Open);
        log.Position = offset;
        var value = log.ReadByte();
        log.Position = offset;
        log.WriteByte((byte)(value ^ 1));
    }
}
