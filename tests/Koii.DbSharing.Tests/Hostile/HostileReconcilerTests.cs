using System.Collections.Concurrent;
using System.Globalization;
using Koii.DbSharing.Replication;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>
/// Rounds with three honest peers and one with the extension that sends false answers, over real sockets. The hostile
/// peer is contacted first and stops in the middle until the records of the others are stored: if they had to wait for it,
/// no test would end. A limit then ends the step; the list is read instead, in the same round, and the extension is not
/// used again.
/// </summary>
internal sealed class HostileReconcilerTests : HostileFixture
{
    private const int ListedAtOnce = 16_000;

    private readonly SignedLinktree[] _held = [.. Enumerable.Range(100, 40).Select(author => Signed((byte)author))];
    private readonly SignedLinktree[] _theirs = [.. Enumerable.Range(9, 4).Select(author => Signed((byte)author))];
    private readonly ListLogger _log = new();

    // Any of the three calls.

    [Test]
    public async Task Call_without_a_response_ends_the_pull_at_the_time_limit_of_headers([Values("summary", "reconcile", "fetch")] string call)
    {
        var isAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hostile = Hostile(call, async exchange =>
        {
            isAsked.SetResult();
            await exchange.WaitForClientToLeaveAsync();
        });
        await using var honest = StartHonest(_held, Task.CompletedTask);
        await Store.PutAsync(_held);

        var engine = Engine([hostile.Address, .. honest.Addresses]);
        var round = engine.ShareAsync();
        await isAsked.Task;
        await HonestAreReadAsync(honest);
        await Clock.WhenTimerIsSetAsync(Limits.HeadersTimeout);
        Assert.That(round.IsCompleted, Is.False);
        Clock.Advance(Limits.HeadersTimeout);
        var report = await round;

        await AssertHonestAreStoredAsync();
        Assert.That(report.Peers.Single(peer => peer.Peer == hostile.Address).Failure!.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
        string[] steps = call is "summary" ? ["summary"] : call is "reconcile" ? ["summary", "reconcile"] : ["summary", "reconcile", "fetch"];
        Assert.That(Calls(hostile), Is.EqualTo(steps), "a list would keep the round waiting once more");
        await engine.ShareAsync();
        Assert.That(Calls(hostile), Is.EqualTo(steps), "it backs off");
    }

    [Test]
    public Task Body_without_end_is_too_large([Values("summary", "reconcile", "fetch")] string call, [Values] bool compressed) => LieAsync(
        call,
        async exchange =>
        {
            if (compressed)
            {
                // A thousandth of it is more than a message may have.
                await InTheMiddleAsync();
                await Flood.SendCompressedAsync(exchange, "[", " ", () => Task.CompletedTask);
            }
            else
            {
                await Flood.SendAsync(exchange, "[" + new string(' ', call is "summary" ? 2_000 : 200_000), " ", InTheMiddleAsync);
            }
        },
        PeerFailureKind.TooLarge);

    [Test]
    public Task Page_of_HTML_is_not_an_answer([Values("summary", "reconcile", "fetch")] string call) => LieAsync(
        call,
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Answers.Html("<p>hello</p>"));
        },
        call switch { "summary" => null, "reconcile" => PeerFailureKind.ProtocolViolation, _ => PeerFailureKind.NotAList });

    [Test]
    public Task Encoding_that_was_not_requested_is_a_protocol_violation([Values("summary", "reconcile", "fetch")] string call) => LieAsync(
        call,
        async exchange =>
        {
            await HonestAreStored;
            Assert.That(exchange.Request.Headers["Accept-Encoding"], Is.EqualTo("gzip"));
            await exchange.WriteAsync(Answers.Encoded(new byte[1000], "br"));
        },
        PeerFailureKind.ProtocolViolation);

    [Test]
    public Task Redirect_is_not_followed([Values("summary", "reconcile", "fetch")] string call) => LieAsync(
        call,
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Answers.Status("307 Temporary Redirect", headers: "Location: http://169.254.169.254/latest/meta-data/\r\n"));
        },
        PeerFailureKind.Redirected);

    [Test]
    public Task Reset_within_a_body_is_an_interruption([Values("summary", "reconcile", "fetch")] string call) => LieAsync(
        call,
        async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync("[");
            await HonestAreStored;
            exchange.Reset();
        },
        PeerFailureKind.Interrupted);

    // The summary.

    [TestCase("-1")]
    [TestCase("1e400")]
    [TestCase("9223372036854775808")]
    [TestCase("\"41\"")]
    [TestCase("[41]")]
    public Task Invalid_count_is_a_missing_extension(string count) => LieAsync(
        "summary",
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Lies.Summary(count));
        },
        reason: null);

    [Test]
    public async Task Excessive_count_causes_a_full_list_and_then_a_reconciliation()
    {
        await using var hostile = Hostile("summary", exchange => exchange.WriteAsync(Lies.Summary("9223372036854775807")));
        var engine = Engine([hostile.Address]);

        Assert.That((await OneAsync(engine)).Path, Is.EqualTo(PeerPath.FullList));
        var next = await OneAsync(engine);

        Assert.That((next.Path, next.Failure), Is.EqualTo((PeerPath.Reconciled, (PeerFailure?)null)));
        Assert.That(Calls(hostile), Is.EqualTo(new[] { "summary", "all", "summary", "reconcile" }));
    }

    [Test]
    public async Task Retry_After_is_respected_before_any_list_is_read()
    {
        await using var hostile = Hostile("summary", exchange => exchange.WriteAsync(Answers.Status("503 Service Unavailable", headers: "Retry-After: 3600\r\n")));
        var engine = Engine([hostile.Address]);

        Assert.That((await OneAsync(engine)).Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 503, RetryAfter = TimeSpan.FromHours(1) }));
        Clock.Advance(TimeSpan.FromSeconds(3599));
        Assert.That((await engine.ShareAsync()).Peers, Is.Empty);

        Assert.That(Calls(hostile), Is.EqualTo(new[] { "summary" }));
    }

    // The conversation.

    [TestCaseSource(typeof(Lies), nameof(Lies.NoMessages))]
    public Task Answer_that_is_not_a_message_is_a_protocol_violation(byte[] message) => LieAsync(
        "reconcile",
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(ExtendedHost.Binary(message));
        },
        PeerFailureKind.ProtocolViolation);

    [Test]
    public Task Frame_of_one_byte_too_many_is_too_large() => LieAsync(
        "reconcile",
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(ExtendedHost.Binary([0x61, .. Enumerable.Range(0, 31_000).SelectMany(_ => new byte[] { 2, 0, 0 }), .. new byte[524_288 - 93_000]]));
        },
        PeerFailureKind.TooLarge);

    [Test]
    public async Task Reconciliation_that_never_converges_ends_after_64_round_trips()
    {
        var trips = 0;
        var (calls, report) = await RoundAsync("reconcile", async exchange =>
        {
            if (++trips == 32)
                await InTheMiddleAsync();
            // It differs, each time somewhere else.
            await exchange.WriteAsync(ExtendedHost.Binary([0x61, (byte)(2 + (trips % 2)), 0, 1, .. new byte[16]]));
        });

        Assert.That((report.Path, report.Failure, trips), Is.EqualTo((PeerPath.Reconciled, (PeerFailure?)null, 64)));
        Assert.That(calls, Is.EqualTo(Enumerable.Repeat("reconcile", 64).Prepend("summary").Append("all")), "the list in the round after");
    }

    [Test]
    public async Task Ids_that_are_never_delivered_end_in_a_protocol_violation()
    {
        var (trips, position) = (0, 0);
        var (calls, report) = await RoundAsync("reconcile", async exchange =>
        {
            // The same in every conversation: those of which the first message begins anew.
            position = Lies.IsFirst(exchange.Request.Body) ? 0 : position + 1;
            if (++trips == 2)
                await HonestAreStored;
            MeasureMemory();
            await exchange.WriteAsync(ExtendedHost.Binary(Lies.MadeUpIds(position, ListedAtOnce)));
        });

        AssertFell(PeerFailureKind.ProtocolViolation);
        Assert.That((report.Path, report.Failure, report.Verdicts.Inserted), Is.EqualTo((PeerPath.FullList, (PeerFailure?)null, (long)_theirs.Length)));
        Assert.That(calls.Count(call => call is "reconcile"), Is.AtMost(64));
        Assert.That(calls.Count(call => call is "fetch"), Is.InRange(1, 34), "a thousand at a time, and no more once most of them did not come");
        Assert.That(calls.TakeLast(2), Is.EqualTo(new[] { "all", "all" }));
    }

    // What is fetched.

    private static IEnumerable<TestCaseData> Deliveries()
    {
        yield return Delivery("a record that nobody asked for", asked => [.. asked.Skip(1), Signed(77)]);
        yield return Delivery("nothing but what nobody asked for", _ => [Signed(77)]);
        yield return Delivery("a record twice", asked => [asked[0], asked[0]]);
        yield return Delivery("a record under a bad signature", asked => [.. asked.Skip(1), asked[0].Forged()]);
        yield return Delivery("nothing", _ => []);

        static TestCaseData Delivery(string name, Func<SignedLinktree[], SignedLinktree[]> deliver) => new TestCaseData(deliver).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Deliveries))]
    public Task Delivery_of_other_records_than_requested_is_a_protocol_violation(object deliver) => LieAsync(
        "fetch",
        async exchange =>
        {
            await HonestAreStored;
            await exchange.WriteAsync(Answers.Json(Keyed(((Func<SignedLinktree[], SignedLinktree[]>)deliver)(Asked(exchange)))));
        },
        PeerFailureKind.ProtocolViolation);

    [Test]
    public Task Delivery_of_elements_without_end_exceeds_a_limit([Values("{},", "{\"a\":\"0123456789\"},", "[", "\"x")] string block, [Values] bool compressed) => LieAsync(
        "fetch",
        exchange => compressed ? Flood.SendCompressedAsync(exchange, "[", block, InTheMiddleAsync) : Flood.SendAsync(exchange, "[", block, InTheMiddleAsync),
        // An element that never ends is too large; of those that end there are too many, or they are no records that anybody asked for.
        block[^1] is ',' ? PeerFailureKind.ProtocolViolation : PeerFailureKind.TooLarge);

    [Test]
    public Task Delivery_that_stops_after_the_first_record_is_interrupted() => LieAsync(
        "fetch",
        async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync(Keyed(Asked(exchange)[0])[..^1] + ",");
            await HonestAreStored;
            exchange.Reset();
        },
        PeerFailureKind.Interrupted);

    [Test]
    public Task Delivery_of_a_byte_each_second_is_too_slow()
    {
        var honestAreRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return LieAsync(
            "fetch",
            async exchange =>
            {
                await honestAreRead.Task;
                await exchange.WriteAsync(Answers.ChunkedHead());
                await exchange.WriteChunkAsync("[");
                await SendByteEachSecondAsync(exchange);
            },
            PeerFailureKind.TooSlow,
            async (_, honest) =>
            {
                await HonestAreReadAsync(honest);
                honestAreRead.SetResult();
            });
    }

    [Test]
    public async Task Sixteen_that_stop_where_they_cost_most_stay_within_the_memory_of_four([Values("reconcile", "fetch")] string call)
    {
        const int HostilePeers = 16;
        var bound = MemoryBound;
        // A place that is passed on frees no memory: this is how it is when all of them have had theirs.
        (Options.FanOut, Options.MaxConcurrentPeers) = (HostilePeers, HostilePeers + 3);
        var honestMayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (stopped, stoppedPeers) = (new StateBarrier(), 0);
        var bytesSent = 0L;
        var positions = new ConcurrentDictionary<string, int>();
        await using var hostile = LoopbackPeer.Start(async exchange =>
        {
            // Each of the sixteen is a path, and each has one conversation.
            var position = positions.AddOrUpdate(exchange.Request.Path, 0, (_, before) => before + 1);
            var listed = position * ListedAtOnce;
            // Ids that another peer delivers are not fetched from this one.
            var peer = byte.Parse(exchange.Request.Path.Split('/')[1], CultureInfo.InvariantCulture);
            switch (ExtendedHost.CallOf(exchange.Request.Path))
            {
                case "summary":
                    await SendAsync(Lies.Summary("41"));
                    break;
                case "reconcile" when call is "fetch" || listed < ReconcileStep.MaxNeeded - 1:
                    await SendAsync(ExtendedHost.Binary(Lies.MadeUpIds(position, call is "fetch" ? ListedAtOnce : Math.Min(ListedAtOnce, ReconcileStep.MaxNeeded - 1 - listed), peer)));
                    break;
                default:
                    // As long as an answer, or an element of it, may be, and stops before its end.
                    await SendAsync([.. "HTTP/1.1 200 OK\r\nContent-Length: 524288\r\n\r\n[\""u8, .. new byte[call is "fetch" ? 250_000 : 524_000]]);
                    stopped.Change(() => stoppedPeers++);
                    await exchange.WaitForClientToLeaveAsync();
                    break;
            }

            Task SendAsync(byte[] bytes)
            {
                Interlocked.Add(ref bytesSent, bytes.Length);
                return exchange.WriteAsync(bytes);
            }
        });
        await using var honest = StartHonest(_held, honestMayAnswer.Task);
        NodeAddress[] hostiles = [.. Enumerable.Range(0, HostilePeers).Select(number => NodeAddress.Parse($"{hostile.Url}/{number}"))];
        await Store.PutAsync(_held);
        MeasureMemory();

        using var end = new CancellationTokenSource();
        var round = Engine([.. hostiles, .. honest.Addresses]).ShareAsync(end.Token);
        try
        {
            await stopped.WhenAsync(() => stoppedPeers == HostilePeers);
            await Connections.WhenReadAsync(() => Interlocked.Read(ref bytesSent), pendingReads: HostilePeers + 3);
            MeasureMemory();
            honestMayAnswer.SetResult();
            await HonestAreStored;
            MeasureMemory();
            Assert.That(round.IsCompleted, Is.False);
        }
        finally
        {
            honestMayAnswer.TrySetResult(); // Nobody is left waiting when the test fails.
            await end.CancelAsync();
            await ((Task)round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        TestContext.Out.WriteLine($"{MemoryUsed / 1024:N0} KiB");
        Assert.That(MemoryUsed, Is.LessThan(bound));
    }

    /// <summary>A round with a liar, and what must follow: its list is read in the same round, and nothing but its list in the next.</summary>
    private async Task LieAsync(string call, Func<LoopbackExchange, Task> lie, PeerFailureKind? reason, Func<Task, HonestPeers, Task>? during = null)
    {
        var (calls, report) = await RoundAsync(call, lie, during);

        AssertFell(reason);
        Assert.That((report.Path, report.Failure, report.Verdicts.Inserted), Is.EqualTo((PeerPath.FullList, (PeerFailure?)null, (long)_theirs.Length)));
        string[] steps = call is "summary" ? ["summary"] : call is "reconcile" ? ["summary", "reconcile"] : ["summary", "reconcile", "fetch"];
        Assert.That(calls.Take(steps.Length), Is.EqualTo(steps));
        Assert.That(calls.TakeLast(2), Is.EqualTo(new[] { "all", "all" }));
    }

    /// <summary>Runs a round, and one after it, and checks what must hold in any of them.</summary>
    /// <returns>What the liar was asked in both, and the report on it in the first.</returns>
    private async Task<(string[] Calls, PeerReport Report)> RoundAsync(string call, Func<LoopbackExchange, Task> lie, Func<Task, HonestPeers, Task>? during = null)
    {
        await using var hostile = Hostile(call, lie);
        await using var honest = StartHonest(_held, Task.CompletedTask);
        await Store.PutAsync(_held);
        MeasureMemory();

        var engine = Engine([hostile.Address, .. honest.Addresses]);
        var round = engine.ShareAsync();
        await (during?.Invoke(round, honest) ?? Task.CompletedTask);
        var report = await round;
        MeasureMemory();
        var before = Calls(hostile).Length;
        var next = await engine.ShareAsync();

        await AssertHonestAreStoredAsync();
        Assert.That(report.Peers.Where(peer => honest.Addresses.Contains(peer.Peer)).Select(peer => (peer.Path, peer.Failure)), Is.EquivalentTo(
            new[] { (PeerPath.FullList, (PeerFailure?)null), (PeerPath.Reconciled, null), (PeerPath.FullList, null) }));
        Assert.That(next.Peers.Select(peer => peer.Failure), Is.EqualTo(new PeerFailure?[4]));
        Assert.That(Calls(hostile).Skip(before), Is.EqualTo(new[] { "all" }), "what it is asked in the next round");
        Assert.That(MemoryUsed, Is.LessThan(MemoryBound));
        return (Calls(hostile), report.Peers.Single(peer => peer.Peer == hostile.Address));
    }

    private async Task<PeerReport> OneAsync(ReplicationEngine engine)
    {
        await Store.PutAsync(_held);
        return (await engine.ShareAsync()).Peers.Single();
    }

    /// <summary>A peer that is honest but for one call.</summary>
    private LoopbackPeer Hostile(string call, Func<LoopbackExchange, Task> lie)
    {
        var honest = new ExtendedHost([.. _held, .. _theirs]);
        return LoopbackPeer.Start(exchange => ExtendedHost.CallOf(exchange.Request.Path) == call ? lie(exchange) : honest.AnswerAsync(exchange));
    }

    private void AssertFell(PeerFailureKind? reason)
    {
        var fell = _log.Lines.Where(line => line.Event.Name is "ReconciliationFailed" or "SummaryFailed").Select(line => line.Text).ToArray();
        Assert.That(fell, reason is null ? Is.Empty : Has.Length.EqualTo(1).And.All.Contains($": {reason}"));
    }

    private ReplicationEngine Engine(IReadOnlyList<NodeAddress> nodes) => new(
        new StaticNodeDirectory(nodes), ObservedPeers, new Ed25519SignatureVerifier(), Store, Options,
        new ReplicationEngineServices { TimeProvider = Clock, Random = new Random(1), LoggerFactory = _log });

    private static string[] Calls(LoopbackPeer peer) => [.. peer.Paths.Select(ExtendedHost.CallOf)];

    private SignedLinktree[] Asked(LoopbackExchange exchange)
    {
        var ids = exchange.Request.Body.Chunk(LinktreeId.Size).Select(id => new LinktreeId(id)).ToHashSet();
        return [.. _theirs.Where(linktree => ids.Contains(linktree.Id))];
    }
}
