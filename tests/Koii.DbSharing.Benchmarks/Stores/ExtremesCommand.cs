using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Koii.DbSharing.Benchmarks.Sync;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// <c>extremes 100000</c>: puts and lists records in SQLite that are ordinary, that all have one timestamp, and that are all of
/// one author, and starts a node that holds them: until its first list page and until its summary.
/// </summary>
internal static class ExtremesCommand
{
    internal const string Verb = "extremes";

    private const int BatchSize = 1024;

    private static readonly string Filling = new('x', 340);

    internal static async Task<int> RunAsync(string countText)
    {
        if (!int.TryParse(countText, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
        {
            Console.Error.WriteLine($"Usage: {Verb} <count> — how many records of each kind, such as: {Verb} 100000");
            return 1;
        }

        Console.WriteLine("| records | put, records/s | list, records/s | first page after the start, ms | summary after the start, ms |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        await MeasureAsync("ordinary", count, i => Create(author: i, timestamp: i));
        await MeasureAsync("one timestamp", count, i => Create(author: i, timestamp: 1));
        await MeasureAsync("one author", count, i => Create(author: 0, timestamp: i));
        return 0;

        SignedLinktree Create(int author, long timestamp) => ExtremesCommand.Create(author, timestamp, $"{author}-{timestamp}");
    }

    private static async Task MeasureAsync(string kind, int count, Func<int, SignedLinktree> create)
    {
        var directory = Directory.CreateTempSubdirectory("koii-dbsharing-extremes-");
        var options = new DbSharingOptions { TaskId = "benchmark", LinktreesPerAuthor = int.MaxValue, MaxRecords = long.MaxValue };
        var connectionString = $"Data Source={Path.Combine(directory.FullName, "linktrees.db")}";
        try
        {
            var putting = new Stopwatch();
            await using (var store = new SqliteLinktreeStore(connectionString, options))
            {
                foreach (var numbers in Enumerable.Range(0, count).Chunk(BatchSize))
                {
                    SignedLinktree[] batch = [.. numbers.Select(create)];
                    putting.Start();
                    await store.PutAsync(batch);
                    putting.Stop();
                }
            }

            await using var started = new SqliteLinktreeStore(connectionString, options);
            var engine = new ReplicationEngine(new StaticNodeDirectory([]), new NoPeers(), new Ed25519SignatureVerifier(), started, options);
            var start = Stopwatch.StartNew();
            await started.ListAsync(new LinktreeQuery());
            var firstPage = start.Elapsed;
            var summary = await engine.GetSummaryAsync();
            var summarized = start.Elapsed;

            start.Restart();
            var listed = 0L;
            LinktreeVersion? after = null;
            do
            {
                var page = await started.ListAsync(new LinktreeQuery { After = after, Limit = BatchSize });
                listed += page.Linktrees.Count;
                after = page.Next;
            }
            while (after is not null);
            if (listed != count || summary.Count != count)
                throw new InvalidOperationException($"Of {count} records {listed} were listed and {summary.Count} summarized.");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {kind} | {count / putting.Elapsed.TotalSeconds:N0} | {count / start.Elapsed.TotalSeconds:N0} | {firstPage.TotalMilliseconds:N0} | {summarized.TotalMilliseconds:N0} |"));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static SignedLinktree Create(int author, long timestamp, string uuid)
    {
        var key = new PublicKey(SHA256.HashData(BitConverter.GetBytes(author)));
        var data = Encoding.UTF8.GetBytes($$"""{"uuid":"{{uuid}}","text":"{{Filling}}","timestamp":{{timestamp}}}""");
        return SignedLinktree.TryCreate(key, new LinktreeSignature(new byte[LinktreeSignature.Size]), data, out var record, out var reason)
            ? record
            : throw new InvalidOperationException($"The record is not well formed: {reason}.");
    }
}
