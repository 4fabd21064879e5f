using System.Diagnostics;
using System.Globalization;
using Koii.DbSharing.TestSupport;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests.Leases;

/// <summary>Three processes share a lease, and its holder is killed again and again.</summary>
public sealed class PostgreSqlReplicationLeaseTests
{
    private const int Processes = 3, Kills = 10;

    [Test]
    public async Task Another_process_runs_the_rounds_within_one_interval_after_the_holder_was_killed_and_never_two_at_once()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var database = await TestDatabase.CreateAsync();
        await database.ExecuteAsync(LoggedRounds.Schema);
        await using var news = await database.DataSource.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand("LISTEN round_log", news))
            await listen.ExecuteNonQueryAsync();
        var running = new Dictionary<int, ChildProcess>();
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                while (running.Count < Processes)
                    Start();
                var holder = await NextHolderAsync(database, news);

                // The only use of the time: it decides whether the holder dies within a round or between two, and no outcome depends on it.
                await Task.Delay(TimeSpan.FromSeconds(1.5 * random.NextDouble()));
                await KillAsync(database, running[holder]);
                running.Remove(holder);
            }

            await NextHolderAsync(database, news);
        }
        finally
        {
            foreach (var process in running.Values)
                await process.DisposeAsync();
        }

        AssertOneAtATime(await ReadAsync(database));

        void Start()
        {
            var process = ChildProcess.StartSelf("rounds", database.ConnectionString);
            running.Add(process.Id, process);
        }
    }

    /// <summary>Waits until a process has begun a round that is not dead.</summary>
    private static async Task<int> NextHolderAsync(TestDatabase database, NpgsqlConnection news)
    {
        while (true)
        {
            var holder = await database.QueryAsync(
                $"""
                SELECT process FROM round_log
                WHERE what = '{LoggedRounds.Starts}' AND process NOT IN (SELECT process FROM round_log WHERE what = '{LoggedRounds.Dies}')
                ORDER BY number LIMIT 1
                """);
            if (holder.Length > 0)
                return int.Parse(holder, CultureInfo.InvariantCulture);
            Assert.That(await news.WaitAsync(TimeSpan.FromMinutes(1)), Is.True, "somebody runs the rounds");
        }
    }

    /// <summary>Stops the process before its death is written down, so that no other can have begun a round before that line; only its end frees the lease.</summary>
    private static async Task KillAsync(TestDatabase database, ChildProcess process)
    {
        using (var stop = Process.Start("kill", ["-STOP", process.Id.ToString(CultureInfo.InvariantCulture)]))
            await stop.WaitForExitAsync();
        await LoggedRounds.WriteAsync(database.DataSource, process.Id, LoggedRounds.Dies);
        await process.DisposeAsync();
    }

    private static async Task<List<(int Process, string What, DateTime At)>> ReadAsync(TestDatabase database)
    {
        var lines = new List<(int Process, string What, DateTime At)>();
        await using var read = database.DataSource.CreateCommand("SELECT process, what, at FROM round_log ORDER BY number");
        await using var rows = await read.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            lines.Add((rows.GetInt32(0), rows.GetString(1), rows.GetDateTime(2)));
        return lines;
    }

    private static void AssertOneAtATime(List<(int Process, string What, DateTime At)> lines)
    {
        var dead = new HashSet<int>();
        var refused = new HashSet<int>();
        int? holder = null, inRound = null;
        DateTime? diedAt = null;
        var (rounds, longest) = (0, TimeSpan.Zero);
        foreach (var (process, what, at) in lines)
        {
            // What it had sent before it was stopped may be written after its death.
            if (dead.Contains(process))
                continue;
            switch (what)
            {
                case LoggedRounds.Starts:
                    Assert.That(holder ?? process, Is.EqualTo(process), "nobody else runs rounds while the holder lives");
                    Assert.That(inRound, Is.Null, "no two rounds at once");
                    if (diedAt is { } then && at - then > longest)
                        longest = at - then;
                    (holder, inRound, diedAt) = (process, process, null);
                    rounds++;
                    break;
                case LoggedRounds.Ends:
                    Assert.That(inRound, Is.EqualTo(process));
                    inRound = null;
                    break;
                case LoggedRounds.Refused:
                    // Each process asks once an interval.
                    Assert.That(holder is not null || refused.Add(process), Is.True, "nobody asks twice in vain when the holder is dead");
                    break;
                case LoggedRounds.Dies:
                    dead.Add(process);
                    refused.Clear();
                    Assert.That(process, Is.EqualTo(holder));
                    (holder, inRound, diedAt) = (null, null, at);
                    break;
                default:
                    Assert.Fail(what);
                    break;
            }
        }

        TestContext.Out.WriteLine($"{rounds} rounds by {dead.Count + 1} processes, one at a time; the longest time without was {longest.TotalSeconds:0.0} s of an interval of {LoggedRounds.Options.Interval.TotalSeconds} s");
        Assert.That(dead, Has.Count.EqualTo(Kills));
    }
}
