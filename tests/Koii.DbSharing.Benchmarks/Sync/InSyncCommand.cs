using System.Diagnostics;
using System.Globalization;
using Koii.DbSharing.Benchmarks.Pull;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>
/// <c>in-sync 100000</c>: the cost of a round for a node whose ten peers have the same records. The peers are one
/// process on ten loopback addresses; this process is measured.
/// </summary>
internal static class InSyncCommand
{
    internal const string Verb = "in-sync";

    private const int Peers = 10;
    private const int WarmUpRounds = 100;
    private const int Rounds = 200;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    internal static async Task<int> RunAsync(string countText)
    {
        var count = int.Parse(countText, NumberStyles.None, CultureInfo.InvariantCulture);
        using var serving = LineProcess.StartOwn(ServeCommand.Verb, countText, Peers.ToString(CultureInfo.InvariantCulture));
        var urls = (await serving.ReadLineAsync()).Split(' ');

        var services = new ServiceCollection();
        services.AddDbSharing(options =>
        {
            options.TaskId = ServeCommand.TaskId;
            // A peer that is not ready yet is retried after one round.
            options.Interval = Interval;
            options.MaxRecords = Math.Max(options.MaxRecords, count);
            foreach (var url in urls)
                options.Nodes.Add(url);
        }).UseInMemory();
        await using var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<ILinktreeStore>();
        foreach (var page in ProfileRecords.Sign(count).Chunk(512))
            await store.PutAsync(page);

        var engine = provider.GetRequiredService<ReplicationEngine>();
        for (var round = 0; round < WarmUpRounds; round++)
        {
            if (!IsInSync(await engine.ShareAsync()))
                await Task.Delay(Interval);
        }

        using var process = Process.GetCurrentProcess();
        process.Refresh();
        var processorTime = process.TotalProcessorTime;
        var bytes = 0L;
        var isInSync = true;
        for (var round = 0; round < Rounds; round++)
        {
            var report = await engine.ShareAsync();
            bytes += report.Peers.Sum(peer => peer.BytesReceived);
            isInSync &= IsInSync(report);
        }

        process.Refresh();
        processorTime = process.TotalProcessorTime - processorTime;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count:N0} records, {Peers} peers in sync: "
            + $"{processorTime.TotalMilliseconds / Rounds:N2} ms of processor time and "
            + $"{bytes / Rounds:N0} bytes of bodies a round{(isInSync ? "" : "; NOT IN SYNC")}"));
        return isInSync ? 0 : 1;
    }

    private static bool IsInSync(ReplicationReport report) => report.Peers.Count == Peers && report.Peers.All(peer => peer.Path == PeerPath.InSync);
}
