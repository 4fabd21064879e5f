using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>
/// <c>measure &lt;count&gt; &lt;url&gt;</c>: a node with an empty SQLite file that pulls once from the node at the URL and writes what that cost as one line of JSON.
/// </summary>
internal static class MeasureCommand
{
    internal const string Verb = "measure";

    internal static async Task<int> RunAsync(string countText, string url)
    {
        await using var node = new PullingNode(int.Parse(countText, NumberStyles.None, CultureInfo.InvariantCulture), [url]);
        var pull = await PullAsync(node);
        Console.WriteLine(JsonSerializer.Serialize(pull));
        return pull.IsComplete ? 0 : 1;
    }

    private static async Task<PullMeasurement> PullAsync(PullingNode node)
    {
        var engine = node.Engine;
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
            node.Count, report.Verdicts.Inserted, PullingNode.FailureOf(report), duration, processorTime, bytesOnTheWire, process.PeakWorkingSet64, allocated);
    }
}
