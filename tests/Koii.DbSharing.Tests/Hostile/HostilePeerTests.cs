using System.Text;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>
/// Rounds with one hostile and three honest peers, over real sockets. The hostile peer is contacted first and stops in
/// the middle until the records of the others are stored: if they had to wait for it, no test would end. A limit then
/// ends it, which the report names.
/// </summary>
internal sealed class HostilePeerTests : HostileFixture
{
    /// <summary>The first chunk of a list, to be sent with the head, so that the client does not wait between the two.</summary>
    private const string OpenList = "1\r\n[\r\n";

    public HostilePeerTests() => Limits.MaxListBytes = 64 * MegaByte;

    [Test]
    public async Task Peer_that_sends_no_response_exceeds_the_time_limit_of_headers()
    {
        var report = await RoundAsync(
            exchange => exchange.WaitForClientToLeaveAsync(),
            async (round, hostile, honest) =>
            {
                await HonestAreReadAsync(honest);
                await hostile.WhenRequestedAsync();
                await Clock.WhenTimerIsSetAsync(Limits.HeadersTimeout);
                Assert.That(round.IsCompleted, Is.False);
                Clock.Advance(Limits.HeadersTimeout);
            });

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
        Assert.That(report.Duration, Is.EqualTo(Limits.HeadersTimeout));
    }

    [Test]
    public async Task Peer_that_sends_a_byte_each_second_is_too_slow()
    {
        var honestAreRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var report = await RoundAsync(
            async exchange =>
            {
                await exchange.WriteAsync(Answers.ChunkedHead() + OpenList);
                await honestAreRead.Task;
                await SendByteEachSecondAsync(exchange);
            },
            async (_, _, honest) =>
            {
                await HonestAreReadAsync(honest);
                honestAreRead.SetResult();
            });

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooSlow));
        Assert.That(report.Duration, Is.EqualTo(Limits.IdleTimeout));
    }

    [Test]
    public async Task Headers_without_end_are_a_protocol_violation()
    {
        var report = await RoundAsync(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\n");
            await HonestAreStored;
            while (true)
                await exchange.WriteAsync($"X: {new string('x', 1000)}\r\n");
        });

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
    }

    [Test]
    public async Task Body_of_10_GB_is_too_large(
        [Values("[", "[\"")] string start, [Values("{\"a\":\"0123456789\"},", " ", "x", ",", "{}", "[")] string block, [Values] bool compressed)
    {
        var report = await RoundAsync(exchange =>
            compressed ? Flood.SendCompressedAsync(exchange, start, block, InTheMiddleAsync) : Flood.SendAsync(exchange, start, block, InTheMiddleAsync));

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
        Assert.That(report.BytesReceived, Is.AtMost(Limits.MaxListBytes + MegaByte));
        Assert.That(MemoryUsed, Is.LessThan(MemoryBound));
    }

    [Test]
    public async Task Records_of_an_array_without_end_are_stored()
    {
        var stored = Signed(9);
        var report = await RoundAsync(exchange => Flood.SendAsync(exchange, $"[{Record(stored)},", "\n", InTheMiddleAsync));

        Assert.That((report.Failure?.Kind, report.Verdicts.Inserted), Is.EqualTo((PeerFailureKind.TooLarge, 1L)));
    }

    [Test]
    public async Task Brotli_is_a_protocol_violation()
    {
        var report = await RoundAsync(async exchange =>
        {
            await HonestAreStored;
            Assert.That(exchange.Request.Headers["Accept-Encoding"], Is.EqualTo("gzip"));
            await exchange.WriteAsync(Answers.Encoded(new byte[1000], "br"));
        });

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
    }

    [Test]
    public async Task Million_empty_objects_are_a_million_rejections()
    {
        var report = await RoundAsync(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync("[{}");
            await HonestAreStored;
            var block = string.Concat(Enumerable.Repeat(",{}", 1000));
            for (var thousand = 1; thousand < 1000; thousand++)
                await exchange.WriteChunkAsync(block);
            await exchange.WriteChunkAsync(string.Concat(Enumerable.Repeat(",{}", 999)) + "]");
            await exchange.WriteAsync("0\r\n\r\n");
        });

        Assert.That(report.Failure, Is.Null);
        Assert.That(report.Verdicts.RejectedByReason, Is.EqualTo(new Dictionary<RejectionReason, long> { [RejectionReason.Malformed] = 1_000_000 }));
    }

    [TestCase("{\"data\":", "}")]
    [TestCase("[", "]")]
    public async Task Element_of_a_hundred_thousand_levels_is_rejected_alone(string open, string close)
    {
        var nested = string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000));
        Limits.MaxElementBytes = 4 * MegaByte;
        var beside = Signed(9);
        var report = await RoundAsync(async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Answers.Json($"[{nested},{Record(beside)}]"));
        });

        Assert.That((report.Failure, report.Verdicts.Inserted, report.Verdicts.Rejected), Is.EqualTo(((PeerFailure?)null, 1L, 1L)));
    }

    [Test]
    public async Task Redirect_is_not_followed()
    {
        var report = await RoundAsync(async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n");
        });

        Assert.That((report.Failure?.Kind, report.Failure?.StatusCode), Is.EqualTo((PeerFailureKind.Redirected, 302)));
    }

    [Test]
    public async Task Reset_within_a_list_interrupts_the_pull()
    {
        var report = await RoundAsync(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync("[{},");
            await HonestAreStored;
            exchange.Reset();
        });

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Http_1_0_without_a_length_is_read_to_the_end_of_the_connection()
    {
        var theirs = Signed(9);
        var report = await RoundAsync(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.0 200 OK\r\n\r\n[{Record(theirs)}");
            await HonestAreStored;
            await exchange.WriteAsync("]");
            exchange.Close();
        });

        Assert.That((report.Failure, report.Verdicts.Inserted), Is.EqualTo(((PeerFailure?)null, 1L)));
    }

    [TestCase(1_000_000)]
    [TestCase(1)]
    public async Task Wrong_content_length_matters_only_where_the_list_is_incomplete(int length)
    {
        var report = await RoundAsync(async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n[{Record(Signed(9))}]");
            exchange.Close();
        });

        // A list that is whole although more was announced is a list.
        Assert.That(report.Failure?.Kind, Is.EqualTo(length == 1 ? PeerFailureKind.Interrupted : null));
    }

    [Test]
    public async Task Status_500_is_reported()
    {
        var report = await RoundAsync(async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Answers.Status("500 Internal Server Error", "<script>"));
        });

        Assert.That(report.Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 500 }));
    }

    [Test]
    public async Task Status_503_with_Retry_After_delays_the_next_request_that_long()
    {
        await using var hostile = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status("503 Service Unavailable", headers: "Retry-After: 3600\r\n")));
        var engine = Engine([hostile.Address]);

        var report = (await engine.ShareAsync()).Peers.Single();
        Clock.Advance(TimeSpan.FromSeconds(3599));
        var before = await engine.ShareAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        var after = await engine.ShareAsync();

        Assert.That(report.Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 503, RetryAfter = TimeSpan.FromHours(1) }));
        Assert.That((before.Peers.Count, after.Peers.Count), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task Good_record_among_thousands_of_forged_ones_is_stored_within_ten_rounds_without_backoff()
    {
        var good = Signed(9);
        var random = new Random(1);
        var forged = Enumerable.Range(0, 5_000).Select(number => Forged(number, random)).ToArray();
        await using var careless = LoopbackPeer.Serve(("/all", Answers.Json(Bare([.. forged, good]))));
        var engine = Engine([careless.Address]);

        var rounds = 0;
        ReplicationReport report;
        do
        {
            report = await engine.ShareAsync();
            Assert.That(report.Peers.Single().Failure?.Kind, Is.AnyOf(PeerFailureKind.TooManyBadSignatures, null), "it is asked in every round: others posted these records");
        }
        while (report.Verdicts.Inserted == 0 && ++rounds < 10);

        Assert.That(report.Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(rounds, Is.InRange(2, 5), "at least a thousand and at most a page of checks in a round, and none twice");
    }

    [Test]
    public async Task Only_permit_passes_from_one_silent_body_to_the_next()
    {
        Options.MaxConcurrentPeers = 1;
        var honestMayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var report = await RoundAsync(
            async exchange =>
            {
                await exchange.WriteAsync(Answers.ChunkedHead() + OpenList);
                await exchange.WaitForClientToLeaveAsync();
            },
            async (round, _, honest) =>
            {
                await Clock.WhenTimerIsSetAsync(PermitTimeout);
                Clock.Advance(PermitTimeout);
                await Clock.WhenTimerIsSetAsync(PermitTimeout);
                Clock.Advance(PermitTimeout);
                await Clock.WhenTimerIsSetAsync(PermitTimeout);
                // The last one has the permit now. The order of the others is not defined, so the honest ones respond only then.
                honestMayAnswer.SetResult();
                await honest.WhenListsAreRequestedAsync();
                await Clock.WhenTimersAreSetAsync(timers => !timers.Any(time => time > Limits.IdleTimeout && time <= Limits.HeadersTimeout));
                Assert.That(HonestAreStored.IsCompleted, Is.False);
                Clock.Advance(PermitTimeout);
                await HonestAreReadAsync(honest);
                Assert.That(round.IsCompleted, Is.False);
                Clock.Advance(Limits.IdleTimeout);
            },
            hostilePeers: 3,
            honestMayAnswer);

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
    }

    [Test]
    public async Task Sixteen_that_stop_in_the_middle_of_a_page_and_of_an_element_stay_within_the_memory_of_four()
    {
        // Twelve records of 64 KB, and what is not yet an element of 256 KiB, are not yet a page of 1 MiB.
        const int HostilePeers = 16;
        Options.FanOut = HostilePeers;
        var records = string.Concat(Enumerable.Range(0, 12).Select(number => Record(Forged(number, new Random(number), new string('x', 65_000))) + ","));
        var body = Encoding.UTF8.GetBytes($"[{records}\"{new string('y', 250_000)}");
        const string Head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
        var honestMayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var report = await RoundAsync(
            async exchange =>
            {
                await exchange.WriteAsync(Head);
                await exchange.WriteAsync(body);
                await exchange.WaitForClientToLeaveAsync();
            },
            async (_, _, honest) =>
            {
                for (var silent = 0; silent < HostilePeers; silent += 4)
                {
                    await Clock.WhenTimerIsSetAsync(PermitTimeout, count: 4);
                    Clock.Advance(PermitTimeout);
                }

                await Connections.WhenReadAsync(() => HostilePeers * (Head.Length + body.Length), pendingReads: HostilePeers + 3);
                MeasureMemory();
                honestMayAnswer.SetResult();
                await HonestAreReadAsync(honest);
                MeasureMemory();
                Clock.Advance(Limits.IdleTimeout);
            },
            HostilePeers,
            honestMayAnswer);

        Assert.That(report.Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
        Assert.That(MemoryUsed, Is.LessThan(MemoryBound));
        TestContext.Out.WriteLine($"{MemoryUsed / MegaByte} MB");
    }

    /// <summary>Runs a round and checks what must hold in any of them.</summary>
    /// <returns>The report on the first hostile peer.</returns>
    private async Task<PeerReport> RoundAsync(Func<LoopbackExchange, Task> script, Func<Task, LoopbackPeer, HonestPeers, Task>? during = null, int hostilePeers = 1, TaskCompletionSource? honestMayAnswer = null)
    {
        await using var hostile = LoopbackPeer.Start(script);
        await using var honest = StartHonest([], honestMayAnswer?.Task ?? Task.CompletedTask);
        NodeAddress[] hostiles = [.. Enumerable.Range(0, hostilePeers).Select(number => number == 0 ? hostile.Address : NodeAddress.Parse($"{hostile.Url}/{number}"))];
        MeasureMemory();

        var round = Engine([.. hostiles, .. honest.Addresses]).ShareAsync();
        try
        {
            await (during?.Invoke(round, hostile, honest) ?? Task.CompletedTask);
        }
        finally
        {
            honestMayAnswer?.TrySetResult(); // Ends the waits when the test fails.
        }

        var report = await round;

        await AssertHonestAreStoredAsync();
        Assert.That(report.Peers.Where(peer => honest.Addresses.Contains(peer.Peer)).Select(peer => peer.Failure), Is.EqualTo(new PeerFailure?[] { null, null, null }));
        return report.Peers.Single(peer => peer.Peer == hostile.Address);
    }

    private ReplicationEngine Engine(IReadOnlyList<NodeAddress> nodes) => new(
        new StaticNodeDirectory(nodes), ObservedLists, new Ed25519SignatureVerifier(), Store, Options, new ReplicationEngineServices { TimeProvider = Clock, Random = new Random(1) });

    private static SignedLinktree Forged(int number, Random random, string name = "")
    {
        var bytes = new byte[LinktreeSignature.Size];
        random.NextBytes(bytes);
        return SignedLinktree.TryCreate(
            Signed((byte)(100 + number % 50)).Author, new LinktreeSignature(bytes), Encoding.UTF8.GetBytes($$"""{"uuid":"{{number}}","timestamp":1,"name":"{{name}}"}"""), out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"Not a record: {reason}.");
    }
}
