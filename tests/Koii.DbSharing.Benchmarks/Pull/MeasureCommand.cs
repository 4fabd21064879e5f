using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>
/// <c>measure &lt;count&gt; &lt;url&gt;</c>: a node with an empty SQLite file that pulls once from the node at the URL and writes what that cost as one line of JSON.
/// </summary>
internal static class MeasureCommand
{
    internal const string Verb = "measure";

    internal static async Task<int> RunAsync(string countText, string url)
    {
        var count = int.Parse(countText, NumberStyles.None, CultureInfo.InvariantCulture);
        var directory = Directory.CreateTempSubdirectory("koii-dbsharing-pull-");
        try
        {
            var pull = await PullAsync(count, url, $"Data Source={Path.Combine(directory.FullName, "linktrees.db")}");
            Console.WriteLine(JsonSerializer.Serialize(pull));
            return pull.IsComplete ? 0 : 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<PullMeasurement> PullAsync(int count, string url, string connectionString)
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options =>
        {
            options.TaskId = ServeCommand.TaskId;
            options.Nodes.Add(url);
            options.AllowPrivateAddresses = true;
            options.MaxRecords = Math.Max(options.MaxRecords, count);
            // A million records take longer than a node would listen to one peer in one round.
            options.PeerLimits.PeerTimeout = TimeSpan.FromMinutes(10);
        }).UseSqlite(connectionString);

        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();
        using var process = Process.GetCurrentProcess();
        var processorTime = process.TotalProcessorTime;
        var allocated = GC.GetTotalAllocatedBytes();
        var started = Stopwatch.GetTimestamp();
        var report = await engine.ShareAsync();
        var duration = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        process.Refresh();
        processorTime = process.TotalProcessorTime - processorTime;

        var bytesOnTheWire = report.Peers.Sum(peer => peer.BytesReceived);
        return new PullMeasurement(
            count, report.Verdicts.Inserted, FailureOf(report), duration, processorTime, bytesOnTheWire, process.PeakWorkingSet64, allocated);
    }

    private static string? FailureOf(ReplicationReport report)
    {
        if (report.Outcome != RoundOutcome.Completed)
            return $"The round ended as {report.Outcome}. {string.Join(' ', report.Nodes.Problems)}";
        return report.Peers.Select(peer => peer.Failure).FirstOrDefault(failure => failure is not null)?.ToString();
    }
}
