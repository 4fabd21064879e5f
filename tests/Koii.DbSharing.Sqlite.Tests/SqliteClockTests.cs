using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>What a store logs about records that its clock withholds, and a file that cannot be written when they are due.</summary>
public sealed class SqliteClockTests : SqliteFixture
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly SignedLinktree[] Records = [Create(author: 1, timestamp: 1), .. Enumerable.Range(2, 600).Select(i => Create(i, timestamp: Now.ToUnixTimeMilliseconds()))];

    [Test]
    public async Task Withheld_records_are_one_warning_with_their_number_and_their_return_is_one_line()
    {
        await PutAndCloseAsync();
        var (clock, log) = (new FakeClock(Now.AddHours(-1)), new ListLogger());
        await using var store = NewStore(clock, log);

        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(Records[..1]));
        var (level, _, text, _) = log.Lines.Single();
        Assert.That(level, Is.EqualTo(LogLevel.Warning));
        Assert.That(text, Does.StartWith("600 records").And.Contains(File.Path).And.Contains("clock"));
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That((await store.ListAsync(Everything with { Limit = 1000 })).Linktrees, Is.EqualTo(Records.OrderBy(record => record.Version)));
        Assert.That(log.Names(), Is.EqualTo(new[] { "RecordsWithheld", "RecordsDue" }));
        Assert.That(Query("SELECT count(*) FROM withheld"), Is.EqualTo("0"));
        using var connection = Connect();
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task Due_records_wait_while_the_file_cannot_be_written_and_reads_go_on()
    {
        await PutAndCloseAsync();
        var clock = new FakeClock(Now.AddHours(-1));
        await using var store = NewStore(clock, new ListLogger());
        await store.ListAsync(Everything);
        store.Database!.Connection.Execute("PRAGMA query_only = ON");
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(Records[..1]));

        // The store has closed the connection that could not write, so the setting need not be undone.
        Assert.That((await store.ListAsync(Everything with { Limit = 1000 })).Linktrees, Has.Count.EqualTo(601));
    }

    [Test]
    public async Task Withheld_record_that_is_damaged_is_moved_when_it_is_due()
    {
        await PutAndCloseAsync();
        var (clock, log) = (new FakeClock(Now.AddHours(-1)), new ListLogger());
        await using var store = NewStore(clock, log);
        await store.ListAsync(Everything);
        Execute("UPDATE withheld SET signature = zeroblob(64) WHERE row = (SELECT max(row) FROM withheld)");
        clock.Advance(TimeSpan.FromHours(1));

        Assert.That((await store.ListAsync(Everything with { Limit = 1000 })).Linktrees, Has.Count.EqualTo(600));
        Assert.That(log.Names(LogLevel.Error), Is.EqualTo(new[] { "RowDamaged" }));
        Assert.That(await store.PutAsync([Records[^1]]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        using var connection = Connect();
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);
    }

    private SqliteLinktreeStore NewStore(FakeClock clock, ListLogger log) =>
        new(File.ConnectionString, Options(), clock, new Logger<SqliteLinktreeStore>(log));

    private async Task PutAndCloseAsync()
    {
        await using var store = NewStore(new FakeClock(Now), new ListLogger());
        await store.PutAsync(Records);
    }
}
