using System.Globalization;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.PostgreSql.Tests.Crash;

/// <summary>A server that is killed at any time loses no record that was acknowledged.</summary>
public sealed class PostgreSqlCrashTests
{
    private const string KillsVariable = "KOII_CRASH_SERVER_KILLS";

    private const string SeedVariable = "KOII_CRASH_SEED";

    /// <summary>A new database after some kills, so that some servers are killed while the schema is created.</summary>
    private const int KillsPerDatabase = 5;

    [Test]
    public async Task Acknowledged_records_are_stored_after_the_server_was_killed()
    {
        var kills = Setting(KillsVariable) ?? 20;
        var seed = Setting(SeedVariable) ?? Random.Shared.Next();
        TestContext.Out.WriteLine($"{kills} kills ({KillsVariable}), seed {seed} ({SeedVariable})");
        var random = new Random(seed);
        var (acknowledged, unreported) = (0, 0);

        // This server acknowledges before the disk does, and writes to disk only every ten seconds: only the store
        // makes batches durable.
        await using var server = await TestServer.StartAsync(Servers.RequirePrograms(), "synchronous_commit = off", "wal_writer_delay = 10s");
        for (var done = 0; done < kills;)
        {
            await using var database = await TestDatabase.CreateAsync(server.ConnectionString);

            // One store and one reader of the feed live as long as the database.
            await using var store = new PostgreSqlLinktreeStore(database.ConnectionString, CrashBatches.Options);
            var feed = new FollowedFeed(store);
            var written = 0;
            for (var i = 0; i < KillsPerDatabase && done < kills; i++, done++)
            {
                var wait = random.Next(4) == 0 ? 0 : random.Next(1, 40);
                var delay = TimeSpan.FromMilliseconds(random.NextDouble() * (wait == 0 ? 600 : 20));
                var batches = await PutUntilCrashAsync(server, database, seed, written, wait, delay);

                // At most one batch was committed and not acknowledged.
                var held = (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue })).Linktrees;
                var isUnreported = !held.SequenceEqual(CrashBatches.StateBefore(seed, written + batches));
                written += batches + (isUnreported ? 1 : 0);
                Assert.That(
                    held,
                    Is.EqualTo(CrashBatches.StateBefore(seed, written)),
                    $"kill {done}: {batches} batches acknowledged, now at {written}");
                await feed.ReadToEndAsync();
                Assert.That(feed.Versions, Is.EqualTo(held.Select(record => record.Version)), "the changes lead to the stored records");
                Assert.That(await CountedAsync(database), Is.EqualTo("0"), "the task's row counts the stored records and the changes");
                acknowledged += batches;
                unreported += isUnreported ? 1 : 0;
            }
        }

        TestContext.Out.WriteLine($"{acknowledged} batches acknowledged, none lost; {unreported} more stored and not acknowledged");
        Assert.That(acknowledged, Is.GreaterThan(0));
    }

    /// <summary>
    /// Kills the server after a number of acknowledgments, starts it again, and returns how many there were in all. The
    /// writer is killed too, since it would continue.
    /// </summary>
    private static async Task<int> PutUntilCrashAsync(
        TestServer server, TestDatabase database, int seed, int first, int acknowledgments, TimeSpan delay)
    {
        await using var writer = ChildProcess.StartAssemblyOf<TestServer>("put", database.ConnectionString, Text(seed), Text(first));
        var acknowledged = new List<string>();
        while (acknowledged.Count < acknowledgments)
            acknowledged.Add(await writer.ReadLineAfterAsync(""));

        // The delay decides only where the server is killed; no outcome depends on it.
        await Task.Delay(delay);
        await server.CrashAsync();
        writer.Kill();

        // What it wrote before the server was killed is still in the pipe.
        while (await writer.TryReadLineAsync() is { } line)
            acknowledged.Add(line);
        await server.StartAsync();
        Assert.That(acknowledged, Is.EqualTo(Enumerable.Range(first, acknowledged.Count).Select(Text)));
        return acknowledged.Count;
    }

    private static async Task<string> CountedAsync(TestDatabase database)
    {
        // The connections from before the crash are broken.
        database.DataSource.Clear();
        return await database.QueryAsync(
            """
            SELECT abs(records - (SELECT count(*) FROM koii_dbsharing.linktree))
                + abs(changes - (SELECT count(DISTINCT number) FROM (
                    SELECT number FROM koii_dbsharing.linktree
                    UNION ALL SELECT added FROM koii_dbsharing.removal UNION ALL SELECT number FROM koii_dbsharing.removal) numbers))
            FROM koii_dbsharing.task
            """);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? Setting(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
        : null;
}
