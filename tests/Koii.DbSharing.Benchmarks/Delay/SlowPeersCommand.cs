using System.Diagnostics;
using System.Globalization;
using Koii.DbSharing.Benchmarks.Pull;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Benchmarks.Delay;

/// <summary>
/// <c>slow-peers [records]</c>: how long records of an honest peer take to a node, alone and beside two peers that send junk at 90 KiB a second without end, with the default interval.
/// </summary>
internal static class SlowPeersCommand
{
    internal const string Verb = "slow-peers";

    private const int BytesPerWrite = 9 * 1024;

    internal static async Task<int> RunAsync(params string[] arguments)
    {
        var records = int.Parse(arguments.FirstOrDefault("12"), CultureInfo.InvariantCulture);
        Console.WriteLine($"{records} records of an honest peer, each posted when the one before it has arrived; default interval.");
        Console.WriteLine("| slow peers | p50, s | max, s |");
        Console.WriteLine("| ---: | ---: | ---: |");
        foreach (var slow in (int[])[0, 2])
        {
            var seconds = await MeasureAsync(records, slow);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {slow} | {seconds[seconds.Count / 2]:0.0} | {seconds[^1]:0.0} |"));
        }

        return 0;
    }

    private static async Task<List<double>> MeasureAsync(int count, int slow)
    {
        var interval = new DbSharingOptions().Interval;
        var records = ProfileRecords.Sign(count);
        var random = new Random(1);
        var drips = Enumerable.Range(0, slow).Select(_ => LoopbackPeer.Start(DripAsync)).ToArray();
        await using var honest = new LinkedNode(0, 18431, [], interval, _ => false);
        await using var node = new LinkedNode(
            1, 18432, ["http://127.0.0.11:18431", .. drips.Select(drip => drip.Url)], interval, _ => false);
        try
        {
            await honest.StartAsync();
            await node.StartAsync();
            var seconds = new List<double>();
            foreach (var record in records)
            {
                // At a random time of the interval.
                await Task.Delay(interval * random.NextDouble());
                await honest.Engine.SubmitAsync(record);
                var posted = Stopwatch.GetTimestamp();
                while (!await node.HoldsAsync(record))
                    await Task.Delay(10);
                seconds.Add(Stopwatch.GetElapsedTime(posted).TotalSeconds);
            }

            seconds.Sort();
            return seconds;
        }
        finally
        {
            foreach (var drip in drips)
                await drip.DisposeAsync();
        }
    }

    private static async Task DripAsync(LoopbackExchange exchange)
    {
        await exchange.WriteAsync(Answers.ChunkedHead());
        await exchange.WriteChunkAsync("[{}");
        var junk = string.Concat(Enumerable.Repeat(",{}", BytesPerWrite / 3));
        while (!exchange.IsOver)
        {
            await exchange.WriteChunkAsync(junk);
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }
}
