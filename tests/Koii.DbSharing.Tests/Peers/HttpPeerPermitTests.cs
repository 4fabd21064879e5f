using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>How many bodies are read at the same time: here one.</summary>
internal sealed class HttpPeerPermitTests : PeerClientFixture
{
    public HttpPeerPermitTests()
    {
        Options.MaxConcurrentPeers = 1;
        Limits.HeadersTimeout = TimeSpan.FromSeconds(11); // Told on the clock from the idle time-out.
    }

    [Test]
    public async Task Body_that_keeps_its_reader_waiting_for_a_second_lets_the_next_one_be_read()
    {
        await using var silent = Silent();
        await using var other = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(Linktrees(2)))));
        using var end = new CancellationTokenSource();

        var waiting = PullAsync(silent.Address, cancellationToken: end.Token);
        await Clock.WhenTimerIsSetAsync(PermitTimeout);
        var pull = PullAsync(other);
        await HeadersHaveComeAsync(other);
        Clock.Advance(PermitTimeout - TimeSpan.FromTicks(1));
        Assert.That(pull.IsCompleted, Is.False);
        Clock.Advance(TimeSpan.FromTicks(1));

        Assert.That(RecordsOf(await pull).Count(), Is.EqualTo(2));
        Assert.That(waiting.IsCompleted, Is.False, "the reading goes on without the permit");
        await end.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Page_that_its_reader_processes_holds_no_permit()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(Linktrees(PeerPage.MaxLinktrees + 1)))));
        await using var other = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(Linktrees(2)))), ("/fetch", Answers.Json(Keyed(Linktrees(1)))));

        await using var pages = Client.ReadAllAsync(peer.Address, null).GetAsyncEnumerator();
        Assert.That(await pages.MoveNextAsync(), Is.True);

        Assert.That(RecordsOf(await PullAsync(other)).Count(), Is.EqualTo(2));
        Assert.That(RecordsOf(await Client.FetchAsync(other.Address, new LinktreeId[1]).ToListAsync()).Count(), Is.EqualTo(1));
        Assert.That(await pages.MoveNextAsync(), Is.True);
    }

    [Test]
    public async Task Body_that_waits_for_a_permit_is_not_idle()
    {
        Limits.IdleTimeout = PermitTimeout / 2;
        await using var silent = Silent();
        await using var other = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(Linktrees(2)))));

        var waiting = PullAsync(silent);
        await Clock.WhenTimerIsSetAsync(Limits.IdleTimeout);
        var pull = PullAsync(other);
        await HeadersHaveComeAsync(other);
        Clock.Advance(Limits.IdleTimeout);

        Assert.That((await waiting).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
        Assert.That((await pull).Single().Failure, Is.Null);
    }

    [Test]
    public async Task Reader_that_stops_or_is_canceled_releases_its_permit()
    {
        await using var silent = Silent();
        await using var other = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(Linktrees(PeerPage.MaxLinktrees + 1)))));
        using var end = new CancellationTokenSource();

        var waiting = PullAsync(silent.Address, cancellationToken: end.Token);
        await Clock.WhenTimerIsSetAsync(PermitTimeout);
        await end.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        await foreach (var page in Client.ReadAllAsync(other.Address, null))
            break;

        Assert.That(RecordsOf(await PullAsync(other)).Count(), Is.EqualTo(PeerPage.MaxLinktrees + 1));
    }

    /// <summary>Waits until a peer's response has begun: its reader then waits for the permit.</summary>
    private async Task HeadersHaveComeAsync(LoopbackPeer peer)
    {
        await peer.WhenRequestedAsync();
        await Clock.WhenTimersAreSetAsync(timers => !timers.Contains(Limits.HeadersTimeout));
    }

    /// <summary>A peer that begins a body and sends nothing more.</summary>
    private static LoopbackPeer Silent() => LoopbackPeer.Start(async exchange =>
    {
        await exchange.WriteAsync(Answers.ChunkedHead());
        await exchange.WaitForClientToLeaveAsync();
    });
}
