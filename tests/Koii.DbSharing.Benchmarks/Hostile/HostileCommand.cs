using System.Diagnostics;
using System.Globalization;
using System.Text;
using Koii.DbSharing.Http;
using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Benchmarks.Hostile;

/// <summary><c>hostile [times]</c>: how much longer three honest peers take beside a hostile one.</summary>
internal static class HostileCommand
{
    internal const string Verb = "hostile";

    private const int RecordsOfEach = 4_000;
    private const string DefaultTimes = "9";

    internal static async Task<int> RunAsync(params string[] arguments)
    {
        var times = int.Parse(arguments.FirstOrDefault(DefaultTimes), CultureInfo.InvariantCulture);
        var sets = Enumerable.Range(0, 3).Select(Signed).ToArray();
        var kinds = new (string Name, Func<LoopbackExchange, Task>? Script)[]
        {
            ("none", null),
            ("no response", exchange => exchange.WaitForClientToLeaveAsync()),
            ("status 500", exchange => exchange.WriteAsync(Answers.Status("500 Internal Server Error"))),
            ("body that stops", async exchange =>
            {
                await exchange.WriteAsync(Answers.ChunkedHead());
                await exchange.WriteChunkAsync("[");
                await exchange.WaitForClientToLeaveAsync();
            }),
            ("a list of 3,000 forged records", Send(Samples.BareList([.. Enumerable.Range(0, 3_000).Select(Forged)]))),
            ("10 GB of white space", exchange => Flood.SendAsync(exchange, "[", " ", () => Task.CompletedTask)),
            ("10 GB of white space, gzip", exchange => Flood.SendCompressedAsync(exchange, "[", " ", () => Task.CompletedTask)),
            ("10 GB of empty objects, gzip", exchange => Flood.SendCompressedAsync(exchange, "[{}", ",{}", () => Task.CompletedTask)),
        };

        var figures = kinds.ToDictionary(kind => kind.Name, _ => new List<double>());
        for (var time = 0; time <= times; time++)
        {
            foreach (var (name, script) in kinds)
            {
                var took = await MeasureAsync(sets, script);
                if (time > 0) // The first time includes compilation.
                    figures[name].Add(took.TotalMilliseconds);
            }
        }

        var alone = Median(figures["none"]);
        Console.WriteLine("| hostile peer | ms: median (min–max) | longer |");
        Console.WriteLine("| --- | --- | --- |");
        foreach (var (name, _) in kinds)
            Console.WriteLine($"| {name} | {Median(figures[name]):0} ({figures[name].Min():0}–{figures[name].Max():0}) | {100 * (Median(figures[name]) / alone - 1):+0;-0;0} % |");
        return 0;
    }

    private static async Task<TimeSpan> MeasureAsync(SignedLinktree[][] sets, Func<LoopbackExchange, Task>? script)
    {
        await using var hostile = LoopbackPeer.Start(script ?? Send("[]"));
        await using var first = LoopbackPeer.Start(Send(Samples.KeyedList(sets[0])));
        await using var second = LoopbackPeer.Start(Send(Samples.KeyedList(sets[1])));
        await using var third = LoopbackPeer.Start(Send(Samples.KeyedList(sets[2])));
        var options = new DbSharingOptions { TaskId = "T", AllowPrivateAddresses = true };
        var store = new WatchedStore(new InMemoryLinktreeStore(options));
        var connector = new HostConnector(options.PeerLimits.ConnectTimeout, TimeProvider.System);
        using var http = HttpTransport.CreateClient(HttpTransport.CreateHandler(options.PeerLimits, connector.ConnectAsync));
        var guard = new PeerAddressGuard(allowPrivateAddresses: true, connector);
        var client = new HttpPeer(http, http, guard, options, TimeProvider.System, NullLogger<HttpPeer>.Instance);
        NodeAddress[] honest = [first.Address, second.Address, third.Address];
        var engine = new ReplicationEngine(
            new StaticNodeDirectory(script is null ? honest : [hostile.Address, .. honest]), client, new Ed25519SignatureVerifier(), store, options);

        using var end = new CancellationTokenSource();
        var stored = store.HoldsAsync(sets.SelectMany(set => set));
        var started = Stopwatch.GetTimestamp();
        var round = engine.ShareAsync(end.Token);
        await stored;
        var took = Stopwatch.GetElapsedTime(started);

        await end.CancelAsync();
        await ((Task)round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return took;
    }

    private static Func<LoopbackExchange, Task> Send(string list)
    {
        var answer = Answers.Json(list);
        return exchange => exchange.WriteAsync(answer);
    }

    private static double Median(List<double> figures) => figures.Order().ElementAt(figures.Count / 2);

    private static SignedLinktree[] Signed(int set) =>
    [
        .. Enumerable.Range(0, RecordsOfEach / 16).SelectMany(author =>
        {
            var seed = new byte[32];
            (seed[0], seed[1], seed[2]) = ((byte)set, (byte)author, (byte)(author >> 8));
            using var signer = LinktreeSigner.FromSeed(seed);
            return Enumerable.Range(0, 16).Select(number => signer.Sign(Encoding.UTF8.GetBytes(
                $$"""{"uuid":"{{number}}","linktree":{"name":"{{new string('n', 300)}}"},"timestamp":1700000000000}"""))).ToArray();
        }),
    ];

    private static SignedLinktree Forged(int number)
    {
        var signature = new byte[LinktreeSignature.Size];
        new Random(number).NextBytes(signature);
        signature[^1] = 0; // A scalar in its range, so that the whole check is made.
        using var signer = Samples.Signer(0);
        return Samples.Create(signer.PublicKey, new LinktreeSignature(signature), Encoding.UTF8.GetBytes($$"""{"uuid":"{{number}}","timestamp":1}"""));
    }
}
