using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>The limits of what a peer may cost.</summary>
internal sealed class HttpPeerLimitTests : PeerClientFixture
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Not the idle time-out, so that the two waits differ on the clock.
    public HttpPeerLimitTests() => Limits.HeadersTimeout = TimeSpan.FromSeconds(11);

    /// <summary>A peer that sends something and then waits until the client has left.</summary>
    private LoopbackPeer Silent(Func<LoopbackExchange, Task>? before = null) => LoopbackPeer.Start(async exchange =>
    {
        await (before?.Invoke(exchange) ?? Task.CompletedTask);
        await exchange.WaitForClientToLeaveAsync();
        _left.SetResult();
    });

    [Test]
    public async Task Silence_before_the_headers_times_out_and_drops_the_connection()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = Silent(_ =>
        {
            asked.SetResult();
            return Task.CompletedTask;
        });

        var pull = PullAsync(peer);
        await asked.Task;
        await Clock.WhenTimerIsSetAsync(Limits.HeadersTimeout);
        Clock.Advance(Limits.HeadersTimeout - TimeSpan.FromTicks(1));
        Assert.That(pull.IsCompleted, Is.False);
        Clock.Advance(TimeSpan.FromTicks(1));

        Assert.That((await pull).Single().Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The headers did not come in time." }));
        await _left.Task;
    }

    [Test]
    public async Task Silence_in_the_body_times_out_and_keeps_what_came()
    {
        var linktrees = Linktrees(2);
        await using var peer = Silent(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await SendToWaitingClientAsync(exchange, Unclosed(linktrees));
            Clock.Advance(Limits.IdleTimeout);
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The next bytes of the body did not come in time." }));
        await _left.Task;
    }

    [Test]
    public async Task Pull_as_a_whole_times_out()
    {
        Limits.IdleTimeout = TimeSpan.FromHours(1);
        await using var peer = Silent(exchange => exchange.WriteAsync(Answers.ChunkedHead()));

        var pull = PullAsync(peer);
        await BodyIsAwaitedAsync();
        Clock.Advance(Limits.PeerTimeout);

        Assert.That((await pull).Single().Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The transfer as a whole took too long." }));
        await _left.Task;
    }

    [Test]
    public async Task Body_that_drips_is_too_slow()
    {
        await using var peer = Silent(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            for (var drop = 0; drop < 2; drop++)
            {
                await BodyIsAwaitedAsync();
                Clock.Advance(TimeSpan.FromSeconds(6));
                await exchange.WriteChunkAsync("[");
            }
        });

        Assert.That((await PullAsync(peer)).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.TooSlow));
        await _left.Task;
    }

    [Test]
    public async Task Body_at_the_lowest_rate_is_not_too_slow()
    {
        Limits.MinBytesPerSecond = 1;
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            for (var drop = 0; drop < 3; drop++)
            {
                await BodyIsAwaitedAsync();
                Clock.Advance(TimeSpan.FromSeconds(6));
                await exchange.WriteChunkAsync(new[] { "[     ", "      ", "]     " }[drop]);
            }

            await exchange.WriteAsync("0\r\n\r\n");
        });

        Assert.That((await PullAsync(peer)).Single().Failure, Is.Null);
    }

    [Test]
    public async Task Time_in_which_this_node_does_not_read_does_not_count()
    {
        Limits.PeerTimeout = TimeSpan.FromHours(1);
        var linktrees = Linktrees(PeerPage.MaxLinktrees * 4);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await BodyIsAwaitedAsync();
            await exchange.WriteChunkAsync(Keyed(linktrees));
            await exchange.WriteAsync("0\r\n\r\n");
        });

        var pages = await PullWithPausesAsync(peer, Limits.IdleTimeout * 2);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [Test]
    public async Task Time_limit_of_the_headers_ends_with_them()
    {
        Limits.PeerTimeout = TimeSpan.FromHours(1);
        var linktrees = Enumerable.Repeat(Linktrees(1)[0], PeerPage.MaxLinktrees * 4).ToArray();
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Gzipped(Answers.Gzip(Keyed(linktrees)))));

        var pages = await PullWithPausesAsync(peer, Limits.HeadersTimeout);

        Assert.That(RecordsOf(pages).Count(), Is.EqualTo(linktrees.Length));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [Test]
    public async Task Pull_as_a_whole_times_out_also_while_this_node_does_not_read()
    {
        // Compressed, all of it is here before the pause, and not another byte has to be waited for.
        var linktrees = Enumerable.Repeat(Linktrees(1)[0], PeerPage.MaxLinktrees * 4).ToArray();
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Gzipped(Answers.Gzip(Keyed(linktrees)))));

        var pages = await PullWithPausesAsync(peer, Limits.PeerTimeout);

        Assert.That(RecordsOf(pages).Count(), Is.InRange(PeerPage.MaxLinktrees, PeerPage.MaxLinktrees * 2 - 1), "the page before the pause, and what the reader held by then");
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
    }

    private async Task<List<PeerPage>> PullWithPausesAsync(LoopbackPeer peer, TimeSpan pause)
    {
        var pages = new List<PeerPage>();
        await foreach (var page in Client.ReadAllAsync(peer.Address, null))
        {
            pages.Add(page);
            Clock.Advance(pause);
        }

        return pages;
    }

    [Test]
    public async Task Silence_after_the_closing_bracket_is_not_a_failure_and_returns_no_tag()
    {
        var linktrees = Linktrees(1);
        await using var peer = Silent(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead("ETag: \"x\"\r\n"));
            await SendToWaitingClientAsync(exchange, Keyed(linktrees));
            Clock.Advance(Limits.IdleTimeout);
        });

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Linktrees, Is.EqualTo(linktrees));
        Assert.That((page.Failure, page.EntityTag), Is.EqualTo(((PeerFailure?)null, (string?)null)));
        await _left.Task;
    }

    [Test]
    public async Task Array_that_never_closes_ends_at_the_limit()
    {
        Limits.MaxListBytes = 200_000;
        var linktree = Record(Linktrees(1)[0]);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync("[");
            while (true)
                await exchange.WriteChunkAsync(linktree + ",");
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages).Count(), Is.LessThanOrEqualTo(200_000 / linktree.Length));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Too_many_elements_end_the_list_and_keep_what_came()
    {
        Limits.MaxListElements = 5;
        var linktrees = Linktrees(6);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(linktrees))));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees[..5]));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task As_many_elements_as_allowed_are_a_whole_list()
    {
        Limits.MaxListElements = 5;
        var text = Keyed(Linktrees(5));
        Limits.MaxListBytes = text.Length;
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(text)));

        Assert.That((await PullAsync(peer))[^1].Failure, Is.Null);
    }

    [Test]
    public async Task Element_that_is_too_large_costs_only_itself()
    {
        Limits.MaxElementBytes = 1_000;
        var linktrees = Linktrees(2);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json($"[{Record(linktrees[0])},\"{new string('x', 2_000)}\",{Record(linktrees[1])}]")));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages.Sum(page => page.Malformed.GetValueOrDefault(RejectionReason.TooLarge)), Is.EqualTo(1));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [Test]
    public async Task Long_list_comes_in_pages()
    {
        var linktrees = Linktrees(PeerPage.MaxLinktrees * 2 + 1);
        var text = Keyed(linktrees);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(text)));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages.Select(page => page.Linktrees.Count), Is.All.LessThanOrEqualTo(PeerPage.MaxLinktrees));
        Assert.That(pages.Sum(page => page.BytesReceived), Is.EqualTo(text.Length));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Cancellation_by_the_caller_throws_and_drops_the_connection(bool inTheBody)
    {
        using var caller = new CancellationTokenSource();
        await using var peer = Silent(exchange => inTheBody ? exchange.WriteAsync(Answers.ChunkedHead()) : Task.CompletedTask);

        var pull = PullAsync(peer.Address, cancellationToken: caller.Token);
        await Clock.WhenTimerIsSetAsync(inTheBody ? Limits.IdleTimeout : Limits.HeadersTimeout);
        await caller.CancelAsync();

        Assert.That(async () => await pull, Throws.InstanceOf<OperationCanceledException>().With.Property(nameof(OperationCanceledException.CancellationToken)).EqualTo(caller.Token));
        if (inTheBody)
            await _left.Task;
    }

    [Test]
    public async Task Cancellation_before_the_start_sends_no_request()
    {
        await using var peer = LoopbackPeer.Serve();

        Assert.That(async () => await PullAsync(peer.Address, cancellationToken: new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(peer.Connections, Is.Zero);
    }

    [Test]
    public async Task Reader_that_stops_after_a_page_drops_the_connection()
    {
        var text = Keyed(Linktrees(PeerPage.MaxLinktrees + 1));
        await using var peer = Silent(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WriteChunkAsync(text[..^1]);
        });

        await foreach (var page in Client.ReadAllAsync(peer.Address, null))
        {
            Assert.That(page.Linktrees, Has.Count.EqualTo(PeerPage.MaxLinktrees));
            break;
        }

        await _left.Task;
    }
}
