using System.Globalization;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>A process that is killed at any time loses no record that it has acknowledged.</summary>
public sealed class SqliteCrashTests : SqliteFixture
{
    private const string KillsVariable = "KOII_CRASH_KILLS";

    private const string SeedVariable = "KOII_CRASH_SEED";

    /// <summary>A new file after some kills, so that some processes are killed while they create one.</summary>
    private const int KillsPerFile = 8;

    [Test]
    public async Task Acknowledged_records_are_stored_after_a_kill_and_the_next_round_brings_the_others()
    {
        var kills = Setting(KillsVariable) ?? 15;
        var seed = Setting(SeedVariable) ?? Random.Shared.Next();
        TestContext.Out.WriteLine($"{kills} kills ({KillsVariable}), seed {seed} ({SeedVariable})");
        var random = new Random(seed);
        var (acknowledged, unreported, torn) = (0, 0, 0);
        for (var done = 0; done < kills;)
        {
            using var file = new SqliteFile();
            var written = 0;
            for (var i = 0; i < KillsPerFile && done < kills; i++, done++)
            {
                var wait = random.Next(4) == 0 ? 0 : random.Next(1, 40);
                var delay = TimeSpan.FromMilliseconds(random.NextDouble() * (wait == 0 ? 300 : 10));
                var batches = await KilledWriter.RunAsync(file.ConnectionString, seed, written, wait, delay);
                torn += System.IO.File.Exists(file.Path + "-wal") ? 1 : 0;

                // At most one batch was committed and not acknowledged.
                var held = await ListAsync(file);
                var isUnreported = !held.SequenceEqual(CrashBatches.StateBefore(seed, written + batches));
                Assert.That(
                    held,
                    Is.EqualTo(CrashBatches.StateBefore(seed, written + batches + (isUnreported ? 1 : 0))),
                    $"kill {done}: {batches} batches acknowledged from {written} on");
                Assert.That(Query(file, "PRAGMA integrity_check"), Is.EqualTo("ok"));
                written += batches + (isUnreported ? 1 : 0);
                acknowledged += batches;
                unreported += isUnreported ? 1 : 0;
            }

            await ShareAsync(file, CrashBatches.RecordsBefore(seed, written + 5));
            Assert.That(await ListAsync(file), Is.EqualTo(CrashBatches.StateBefore(seed, written + 5)), "the next round brings the other records");
        }

        TestContext.Out.WriteLine(
            $"{acknowledged} batches acknowledged, none lost; {unreported} more stored and not acknowledged; {torn} kills left a log");
        Assert.That(acknowledged, Is.GreaterThan(0));
    }

    private static async Task<IReadOnlyList<SignedLinktree>> ListAsync(SqliteFile file)
    {
        var logger = new ListLogger();
        await using var store = new SqliteLinktreeStore(
            file.ConnectionString, CrashBatches.Options, logger: new Logger<SqliteLinktreeStore>(logger));
        var held = (await store.ListAsync(Everything with { Limit = int.MaxValue })).Linktrees;
        var feed = new FollowedFeed(store);
        await feed.ReadToEndAsync();
        Assert.That(logger.Names(LogLevel.Warning), Is.Empty, "the end of a process loses no log");
        Assert.That(feed.Versions, Is.EqualTo(held.Select(record => record.Version)), "the changes lead to the stored records");
        return held;
    }

    /// <summary>Runs one round with a peer that has all records.</summary>
    private static async Task ShareAsync(SqliteFile file, IEnumerable<SignedLinktree> records)
    {
        var peer = NodeAddress.Parse("http://peer.example");
        var nodes = new StaticNodeDirectory([peer]);
        var peers = new Mock<IPeerClient>();
        peers.Setup(client => client.ReadAllAsync(peer, null, It.IsAny<CancellationToken>()))
            .Returns(records.Chunk(512).Select(page => new PeerPage(page)).ToAsyncEnumerable());
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(mock => mock.Verify(It.IsAny<SignedLinktree>())).Returns(true);
        await using var store = new SqliteLinktreeStore(file.ConnectionString, CrashBatches.Options);

        var report = await new ReplicationEngine(nodes, peers.Object, verifier.Object, store, CrashBatches.Options).ShareAsync();

        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.Completed));
    }

    private static int? Setting(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
        : null;
}
