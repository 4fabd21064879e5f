using System.Diagnostics;
using System.Text;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.Tests.Peers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>
/// How much longer three honest peers take beside a hostile one: the table in docs/benchmarks.md. It measures, so it runs only when it is asked for by name; it fails only where records are missing.
/// </summary>
[Explicit("It measures.")]
internal sealed class HostileFigures : PeerClientFixture
{
    private const int RecordsOfEach = 4_000;
    private const int Times = 9;

    [Test]
    public async Task Honest_peers_beside_a_hostile_one()
    {
        var sets = Enumerable.Range(0, 3).Select(Signed).ToArray();
        var kinds = new (string Name, Func<LoopbackExchange, Task>? Script)[]
        {
            ("nobody", null),
            ("says nothing", exchange => exchange.WaitForClientToLeaveAsync()),
            ("status 500", exchange => exchange.WriteAsync(Answers.Status("500 Internal Server Error"))),
            ("silent in the body", async exchange =>
            {
                await exchange.WriteAsync(Answers.ChunkedHead());
                await exchange.WriteChunkAsync("[");
                await exchange.WaitForClientToLeaveAsync();
            }),
            ("a list of forged records", Send(Bare([.. Enumerable.Range(0, 3_000).Select(Forged)]))),
            ("10 GB of white space", exchange => Flood.SendAsync(exchange, "[", " ", () => Task.CompletedTask)),
            ("10 GB of white space, gzip", exchange => Flood.SendCompressedAsync(exchange, "[", " ", () => Task.CompletedTask)),
            ("10 GB of empty objects, gzip", exchange => Flood.SendCompressedAsync(exchange, "[{}", ",{}", () => Task.CompletedTask)),
        };

        var figures = kinds.ToDictionary(kind => kind.Name, _ => new List<double>());
        for (var time = 0; time <= Times; time++)
        {
            foreach (var (name, script) in kinds)
            {
                var took = await MeasureAsync(sets, script);
                if (time > 0) // The first time the code is new.
                    figures[name].Add(took.TotalMilliseconds);
            }
        }

        var alone = Median(figures["nobody"]);
        TestContext.Out.WriteLine("| beside | ms: median (min–max) | longer |");
        foreach (var (name, _) in kinds)
            TestContext.Out.WriteLine($"| {name} | {Median(figures[name]):0} ({figures[name].Min():0}–{figures[name].Max():0}) | {100 * (Median(figures[name]) / alone - 1):+0;-0;0} % |");
    }

    private async Task<TimeSpan> MeasureAsync(SignedLinktree[][] sets, Func<LoopbackExchange, Task>? script)
    {
        await using var hostile = LoopbackPeer.Start(script ?? Send("[]"));
        await using var first = LoopbackPeer.Start(Send(Keyed(sets[0])));
        await using var second = LoopbackPeer.Start(Send(Keyed(sets[1])));
        await using var third = LoopbackPeer.Start(Send(Keyed(sets[2])));
        var options = new DbSharingOptions { TaskId = "T", AllowPrivateAddresses = true };
        var store = new WatchedStore(new InMemoryLinktreeStore(options));
        using var http = LoopbackHttp.CreateClient(options.PeerLimits);
        var guard = new PeerAddressGuard(allowPrivateAddresses: true, options.Interval / 2, TimeProvider.System);
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
        signature[^1] = 0; // A scalar in its range, so that all of the check is made.
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        return SignedLinktree.TryCreate(signer.PublicKey, new LinktreeSignature(signature), Encoding.UTF8.GetBytes($$"""{"uuid":"{{number}}","timestamp":1}"""), out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"Not a record: {reason}.");
    }
}
