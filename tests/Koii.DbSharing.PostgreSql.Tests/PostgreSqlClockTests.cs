using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>The clock of the server is the clock of all processes.</summary>
public sealed class PostgreSqlClockTests : PostgreSqlFixture
{
    [TestCase(-2)]
    [TestCase(2)]
    public async Task Process_whose_own_clock_is_off_hides_nothing_and_logs_a_warning(int hours)
    {
        var now = TimeProvider.System.GetUtcNow();
        var log = new ListLogger();
        SignedLinktree[] records = [.. Enumerable.Range(0, 100).Select(i => Create(i, timestamp: now.ToUnixTimeMilliseconds()))];
        await using var right = new PostgreSqlLinktreeStore(Database.ConnectionString, Options(), logger: new Logger<PostgreSqlLinktreeStore>(log));
        await right.PutAsync(records);
        Assert.That(log.Lines, Is.Empty);

        await using var wrong = new PostgreSqlLinktreeStore(
            Database.ConnectionString, Options(), new FakeClock(now.AddHours(hours)), logger: new Logger<PostgreSqlLinktreeStore>(log));

        Assert.That(await ListAsync(wrong), Is.EquivalentTo(records));
        Assert.That(await ListAsync(right), Is.EquivalentTo(records));
        var (level, _, text, _) = log.Lines.Single();
        Assert.That(level, Is.EqualTo(LogLevel.Warning));
        Assert.That(text, Does.Contain("clock of this process differs"));
    }

    [Test]
    public async Task Records_withheld_while_the_clock_of_the_server_was_set_back_are_logged_and_served_afterwards()
    {
        var now = TimeProvider.System.GetUtcNow();
        var (clock, log) = (new FakeClock(now), new ListLogger());
        SignedLinktree[] records = [.. Enumerable.Range(0, 50).Select(i => Create(i, timestamp: now.ToUnixTimeMilliseconds() - i))];
        await using var store = new PostgreSqlLinktreeStore(
            Database.ConnectionString, Options(), logger: new Logger<PostgreSqlLinktreeStore>(log))
        { ServerClock = clock };
        await store.PutAsync(records);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        clock.Advance(TimeSpan.FromHours(-2));
        await Database.ExecuteAsync("SELECT pg_terminate_backend(pid, 900000) FROM pg_stat_activity WHERE application_name = 'Koii.DbSharing'");
        Assert.That(await ListAsync(store), Is.Empty);
        Assert.That(log.Lines.Single(line => line.Event.Name == "RecordsWithheld").Text, Does.StartWith("50 records"));
        Assert.That((await store.ReadChangesAsync(position, 1)).IsTrimmed, Is.True);

        clock.Advance(TimeSpan.FromHours(2));
        Assert.That(await ListAsync(store), Is.EquivalentTo(records));
        Assert.That(await Database.QueryAsync("SELECT count(*) FROM koii_dbsharing.withheld"), Is.EqualTo("0"));
    }
}
