using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Benchmarks.Pull;

namespace Koii.DbSharing.Benchmarks.Delay;

/// <summary>
/// <c>outage [seconds]</c>: how long a fresh record takes to all nodes after an outage, with an interval of one second: five nodes of which no link worked, with and without as many
/// dead entries in the list, and four nodes of which one was away.
/// </summary>
internal static class OutageCommand
{
    internal const string Verb = "outage";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    internal static async Task<int> RunAsync(params string[] arguments)
    {
        var outage = TimeSpan.FromSeconds(int.Parse(arguments.FirstOrDefault("75"), CultureInfo.InvariantCulture));
        Console.WriteLine($"Interval 1 s, outage {outage.TotalSeconds:0} s. Seconds from the end of the outage until a record posted then is on all nodes:");
        Console.WriteLine("| nodes | cut | dead entries | seconds |");
        Console.WriteLine("| ---: | --- | ---: | ---: |");
        foreach (var (nodes, cut, dead) in ((int, string, int)[])[(5, "all links", 0), (5, "all links", 4), (4, "one node", 0), (4, "one node", 4)])
        {
            var time = await MeasureAsync(nodes, cut is "all links", dead, outage);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {nodes} | {cut} | {dead} | {time.TotalSeconds:0.0} |"));
        }

        return 0;
    }

    private static async Task<TimeSpan> MeasureAsync(int count, bool cutsAll, int dead, TimeSpan outage)
    {
        var isCut = false;
        var ports = Enumerable.Range(0, count + dead).Select(_ => FreePort()).ToArray();
        var nodes = Enumerable.Range(0, count).Select(number => new LinkedNode(
            number, ports[number], PeersOf(number, ports), Interval, caller => Volatile.Read(ref isCut) && (cutsAll || number == 0 || caller == 0))).ToArray();
        try
        {
            foreach (var node in nodes)
                await node.StartAsync();
            await WaitUntilOnAllAsync(nodes, await PostAsync(nodes[1], 0));

            Volatile.Write(ref isCut, true);
            await Task.Delay(outage);
            Volatile.Write(ref isCut, false);
            var healed = Stopwatch.GetTimestamp();
            await WaitUntilOnAllAsync(nodes, await PostAsync(nodes[0], 1));
            return Stopwatch.GetElapsedTime(healed);
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    private static IEnumerable<string> PeersOf(int number, int[] ports) =>
        ports.Where((_, other) => other != number).Select(port => $"http://{LinkedNode.AddressFor(number)}:{port}");

    private static async Task<SignedLinktree> PostAsync(LinkedNode node, int number)
    {
        var record = ProfileRecords.Sign(number + 1)[number];
        await node.Engine.SubmitAsync(record);
        return record;
    }

    private static async Task WaitUntilOnAllAsync(IEnumerable<LinkedNode> nodes, SignedLinktree record)
    {
        foreach (var node in nodes)
        {
            while (!await node.HoldsAsync(record))
                await Task.Delay(10);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
