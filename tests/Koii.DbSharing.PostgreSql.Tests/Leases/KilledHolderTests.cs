using System.Diagnostics;
using System.Globalization;
using Koii.DbSharing.TestSupport;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests.Leases;

/// <summary>Three processes share a lease, and its holder is killed repeatedly.</summary>
public sealed class KilledHolderTests
{
    private const int Processes = 3, Kills = 10;

    // The test logs when a process is stopped, and when its sessions have ended.
    private const string Dies = "dies", Gone = "gone";

    [Test]
    public async Task After_the_holder_is_killed_the_next_process_that_asks_runs_the_rounds_and_never_two_at_once()
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
        List<(int Process, string What, DateTime At)> lines;
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                while (running.Count < Processes)
                    Start();
                var holder = await NextHolderAsync(database, news);

                // The delay decides only whether the holder is killed within a round or between two; no outcome depends
                // on it.
                await Task.Delay(TimeSpan.FromSeconds(1.5 * random.NextDouble()));
                await KillAsync(database, running[holder]);
                running.Remove(holder);
            }

            await NextHolderAsync(database, news);
            lines = await ReadAsync(database); // Before the last processes are killed, which is not logged.
        }
        finally
        {
            foreach (var process in running.Values)
                await process.DisposeAsync();
        }

        AssertOneAtATime(lines);

        void Start()
        {
            var process = ChildProcess.StartAssemblyOf<TestServer>("rounds", database.ConnectionString);
            running.Add(process.Id, process);
        }
    }

    /// <summary>Waits until a process that was not killed has started a round.</summary>
    private static async Task<int> NextHolderAsync(TestDatabase database, NpgsqlConnection news)
    {
        while (true)
        {
            var holder = await database.QueryAsync(
                $"""
                SELECT process FROM round_log
                WHERE what = '{LoggedRounds.Starts}' AND process NOT IN (SELECT process FROM round_log WHERE what = '{Dies}')
                ORDER BY number LIMIT 1
                """);
            if (holder.Length > 0)
                return int.Parse(holder, CultureInfo.InvariantCulture);
            Assert.That(await news.WaitAsync(TimeSpan.FromMinutes(10)), Is.True, "a process runs the rounds");
        }
    }

    /// <summary>
    /// Stops the process before its death is logged, so that no other process starts a round before that line: only its
    /// end releases the lease.
    /// </summary>
    private static async Task KillAsync(TestDatabase database, ChildProcess process)
    {
        var id = process.Id;
        using (var stop = Process.Start("kill", ["-STOP", id.ToString(CultureInfo.InvariantCulture)]))
            await stop.WaitForExitAsync();
        await LoggedRounds.WriteAsync(database.DataSource, id, Dies);
        await process.DisposeAsync();
        var sessions = $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{LoggedRounds.ApplicationName(id)}'";
        while (await database.QueryAsync(sessions) != "0")
            await Task.Yield();
        await LoggedRounds.WriteAsync(database.DataSource, id, Gone);
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
        var askedWhenFree = new HashSet<int>(); // And no process has acquired it since: one that is refused later may have asked too late.
        int? holder = null, inRound = null;
        var isFree = false;
        DateTime? diedAt = null;
        var (rounds, longest) = (0, TimeSpan.Zero);
        for (var i = 0; i < lines.Count; i++)
        {
            var (process, what, at) = lines[i];
            switch (what)
            {
                case Dies:
                    Assert.That(process, Is.EqualTo(holder));
                    dead.Add(process);
                    (holder, inRound, diedAt) = (null, null, at);
                    FindSuccessor(i);
                    break;
                case Gone:
                    isFree = holder is null;
                    break;

                // What it sent before it was stopped may be logged after its death.
                case var _ when dead.Contains(process):
                    break;
                case LoggedRounds.Asks:
                    if (isFree)
                        askedWhenFree.Add(process);
                    if (holder is null)
                        FindSuccessor(i);
                    break;
                case LoggedRounds.Refused:
                    Assert.That(askedWhenFree, Does.Not.Contain(process), "a free lease goes to the first process that asks");
                    break;
                case LoggedRounds.Starts:
                    Assert.That(holder, Is.EqualTo(process), "no other process runs rounds while the holder lives");
                    Assert.That(inRound, Is.Null, "no two rounds at once");
                    if (diedAt is { } then && at - then > longest)
                        longest = at - then;
                    (inRound, diedAt) = (process, null);
                    rounds++;
                    break;
                case LoggedRounds.Ends:
                    Assert.That(inRound, Is.EqualTo(process));
                    inRound = null;
                    break;
                default:
                    Assert.Fail(what);
                    break;
            }
        }

        TestContext.Out.WriteLine(
            $"{rounds} rounds by {dead.Count + 1} processes, one at a time; the longest time without a round was {longest.TotalSeconds:0.0} s "
            + $"with an interval of {LoggedRounds.Options.Interval.TotalSeconds} s");
        Assert.That(dead, Has.Count.EqualTo(Kills));

        // The next process that starts a round, if it has asked already: it acquired the lease between its request,
        // which may be older than the holder's death, and that round.
        void FindSuccessor(int index)
        {
            var later = lines.Skip(index + 1).Where(line => !dead.Contains(line.Process)).ToArray();
            var start = later.FirstOrDefault(line => line.What == LoggedRounds.Starts);
            if (start.What is null || later.First(line => line.Process == start.Process) != start)
                return;
            holder = start.Process;
            isFree = false;
            askedWhenFree.Clear();
        }
    }
}
