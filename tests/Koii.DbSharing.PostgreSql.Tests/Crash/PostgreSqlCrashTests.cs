using System.Globalization;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.PostgreSql.Tests.Crash;

/// <summary>A server that is killed at any moment has lost nothing of what was acknowledged when it is back.</summary>
public sealed class PostgreSqlCrashTests
{
    private const string KillsVariable = "KOII_CRASH_SERVER_KILLS";

    private const string SeedVariable = "KOII_CRASH_SEED";

    /// <summary>A new database now and then, so that some servers die while the schema is made.</summary>
    private const int KillsPerDatabase = 5;

    [Test]
    public async Task What_was_acknowledged_is_there_after_the_server_was_killed()
    {
        var kills = Setting(KillsVariable) ?? 20;
        var seed = Setting(SeedVariable) ?? Random.Shared.Next();
        TestContext.Out.WriteLine($"{kills} kills ({KillsVariable}), seed {seed} ({SeedVariable})");
        var random = new Random(seed);
        var (acknowledged, unreported) = (0, 0);

        // By its own default this server would answer before the disk does, and go to the disk every ten seconds only: what is durable is so by the store's doing.
        await using var server = await TestServer.StartAsync(Servers.RequirePrograms(), "synchronous_commit = off", "wal_writer_delay = 10s");
        for (var done = 0; done < kills;)
        {
            await using var database = await TestDatabase.CreateAsync(server.ConnectionString);

            // One store and one reader of the feed outlive all the crashes of a database.
            await using var store = new PostgreSqlLinktreeStore(database.ConnectionString, CrashPages.Options);
            var feed = new FollowedFeed(store);
            var written = 0;
            for (var i = 0; i < KillsPerDatabase && done < kills; i++, done++)
            {
                var wait = random.Next(4) == 0 ? 0 : random.Next(1, 40);
                var delay = TimeSpan.FromMilliseconds(random.NextDouble() * (wait == 0 ? 600 : 20));
                var pages = await PutUntilCrashAsync(server, database, seed, written, wait, delay);

                // At most one page was committed whose acknowledgement died with the server.
                var held = (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue })).Linktrees;
                var isUnreported = !held.SequenceEqual(CrashPages.StateBefore(seed, written + pages));
                written += pages + (isUnreported ? 1 : 0);
                Assert.That(held, Is.EqualTo(CrashPages.StateBefore(seed, written)), $"kill {done}: {pages} pages acknowledged, now at {written}");
                await feed.ReadOnAsync();
                Assert.That(feed.Versions, Is.EqualTo(held.Select(record => record.Version)), "the feed tells of what is held");
                Assert.That(await CountedAsync(database), Is.EqualTo("0"), "the task's row counts what is held");
                acknowledged += pages;
                unreported += isUnreported ? 1 : 0;
            }
        }

        TestContext.Out.WriteLine($"{acknowledged} pages acknowledged, none lost; {unreported} more were whole that the server could not report");
        Assert.That(acknowledged, Is.GreaterThan(0));
    }

    /// <summary>Kills the server at a moment after so many acknowledgements, starts it again, and answers how many there were in all. The writer dies with it, or it would go on.</summary>
    private static async Task<int> PutUntilCrashAsync(TestServer server, TestDatabase database, int seed, int first, int acknowledgements, TimeSpan delay)
    {
        await using var writer = ChildProcess.StartSelf("put", database.ConnectionString, Text(seed), Text(first));
        var acknowledged = new List<string>();
        while (acknowledged.Count < acknowledgements)
            acknowledged.Add(await writer.ReadLineAfterAsync(""));

        // The only use of the time: it decides where the server is struck, and no outcome depends on it.
        await Task.Delay(delay);
        await server.CrashAsync();
        writer.Kill();

        // What it wrote before the server died is still in the pipe.
        while (await writer.TryReadLineAsync() is { } line)
            acknowledged.Add(line);
        await server.StartAsync();
        Assert.That(acknowledged, Is.EqualTo(Enumerable.Range(first, acknowledged.Count).Select(Text)));
        return acknowledged.Count;
    }

    private static async Task<string> CountedAsync(TestDatabase database)
    {
        // The connections of before the crash are broken.
        database.DataSource.Clear();
        return await database.QueryAsync("SELECT records - (SELECT count(*) FROM koii_dbsharing.linktree) + changes - trimmed - (SELECT count(*) FROM koii_dbsharing.change) FROM koii_dbsharing.task");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? Setting(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;
}
