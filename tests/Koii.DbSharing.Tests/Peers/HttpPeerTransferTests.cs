using System.Text;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>Compression, and connections that break.</summary>
internal sealed class HttpPeerTransferTests : PeerClientFixture
{
    // Not the idle time-out, so that the two waits differ on the clock.
    public HttpPeerTransferTests() => Limits.HeadersTimeout = TimeSpan.FromSeconds(11);

    [TestCase("gzip")]
    [TestCase("GZIP")]
    [TestCase("x-gzip")]
    public async Task Gzip_is_decompressed_and_counted_as_received(string encoding)
    {
        var linktrees = Linktrees(20);
        var body = Answers.Gzip(Keyed(linktrees));
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Encoded(body, encoding)));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages.Sum(page => page.BytesReceived), Is.EqualTo(body.Length));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [TestCase("gzip, identity")]
    [TestCase("identity, gzip")]
    [TestCase("gzip,")]
    [TestCase("utf-8,GZip")]
    public async Task Gzip_among_codings_that_change_nothing_is_decompressed(string encoding)
    {
        var linktrees = Linktrees(2);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Encoded(Answers.Gzip(Keyed(linktrees)), encoding)));

        Assert.That(RecordsOf(await PullAsync(peer)), Is.EqualTo(linktrees));
    }

    [TestCase("utf-8")]
    [TestCase("none")]
    [TestCase("")]
    [TestCase("identity")]
    [TestCase("identity, ,binary")]
    public async Task Coding_that_changes_nothing_is_ignored(string encoding)
    {
        var linktrees = Linktrees(2);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Encoded(Encoding.UTF8.GetBytes(Keyed(linktrees)), encoding)));

        Assert.That(RecordsOf(await PullAsync(peer)), Is.EqualTo(linktrees));
    }

    [TestCase("br")]
    [TestCase("deflate")]
    [TestCase("zstd")]
    [TestCase("compress")]
    [TestCase("identity, br")]
    [TestCase("gzip, gzip")]
    public async Task Encoding_that_was_not_requested_is_refused(string encoding)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Encoded([0x0b, 0x00], encoding)));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
        Assert.That(page.BytesReceived, Is.Zero);
    }

    [Test]
    public async Task Gzip_bomb_ends_at_the_limit()
    {
        Limits.MaxListBytes = 100_000;
        var body = Answers.Gzip("[" + new string(' ', 50_000_000) + "]");
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Gzipped(body)));

        var page = (await PullAsync(peer))[^1];

        Assert.That(body, Has.Length.LessThan(100_000));
        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Compressed_nothing_without_end_ends_at_the_limit()
    {
        // Empty stored blocks (RFC 1951 §3.2.4): any number of bytes on the wire, none after decompression.
        Limits.MaxListBytes = 20_000;
        byte[] header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        byte[] nothing = [0, 0, 0, 0xff, 0xff];
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead("Content-Encoding: gzip\r\n"));
            await exchange.WriteChunkAsync(header);
            while (true)
                await exchange.WriteChunkAsync(nothing);
        });

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
        Assert.That(page.BytesReceived, Is.InRange(20_001, 40_000));
    }

    [Test]
    public async Task Damaged_gzip_is_a_violation_and_keeps_nothing_wrong()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Encoded(Encoding.UTF8.GetBytes("[1,2,3] is not gzip"), "gzip")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
        Assert.That(page.Linktrees, Is.Empty);
        Assert.That(peer.Requests, Has.Count.EqualTo(1), "a broken body does not lead to the other path");
    }

    [Test]
    public async Task Gzip_with_a_wrong_check_sum_gives_no_tag()
    {
        var body = Answers.Gzip("[]");
        body[^5] ^= 1;
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Raw("200 OK", body, "Content-Encoding: gzip\r\nETag: \"x\"\r\n")));

        Assert.That((await PullAsync(peer))[^1].EntityTag, Is.Null);
    }

    [Test]
    public async Task Cut_gzip_keeps_what_came()
    {
        var linktrees = Linktrees(200);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Gzipped(Answers.Gzip(Keyed(linktrees))[..^2000])));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages).Count(), Is.InRange(1, 199));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Cut_list_keeps_what_came()
    {
        var linktrees = Linktrees(3);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(linktrees)[..^40])));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees[..2]));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Content_length_beyond_the_body_keeps_what_came()
    {
        var linktrees = Linktrees(3);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{Unclosed(linktrees)}");
            exchange.Close();
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Content_length_short_of_the_body_keeps_what_it_covers()
    {
        var linktrees = Linktrees(3);
        var text = Keyed(linktrees);
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length - 10}\r\n\r\n{text}"));

        var pages = await PullAsync(peer);
        var again = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees[..2]));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
        Assert.That(RecordsOf(again), Is.EqualTo(linktrees[..2]), "the rest of the body is not taken for the next answer");
    }

    [Test]
    public async Task Body_without_length_ends_with_the_connection()
    {
        var linktrees = Linktrees(3);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.0 200 OK\r\n\r\n{Keyed(linktrees)}");
            exchange.Close();
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [Test]
    public async Task Reset_in_the_body_keeps_what_came()
    {
        var linktrees = Linktrees(3);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            // Bytes that were not read yet are lost with a reset, so the client must be waiting for more first.
            await SendToWaitingClientAsync(exchange, Unclosed(linktrees));
            exchange.Reset();
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Reset_before_the_headers_is_an_interruption()
    {
        await using var peer = LoopbackPeer.Start(exchange =>
        {
            exchange.Reset();
            return Task.CompletedTask;
        });

        Assert.That((await PullAsync(peer)).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Close_before_the_headers_is_an_interruption()
    {
        await using var peer = LoopbackPeer.Start(exchange =>
        {
            exchange.Close();
            return Task.CompletedTask;
        });

        Assert.That((await PullAsync(peer)).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Broken_chunk_ends_the_list()
    {
        var linktrees = Linktrees(2);
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead());
            // Chunks that come together are read together, and a broken one takes the others with it.
            await SendToWaitingClientAsync(exchange, Unclosed(linktrees));
            await exchange.WriteAsync("nonsense\r\n");
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure?.Kind, Is.AnyOf(PeerFailureKind.Interrupted, PeerFailureKind.ProtocolViolation));
    }

    [TestCase("SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    [TestCase("HTTP/1.1 abc OK\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")]
    public async Task Response_that_is_not_http_is_a_violation(string answer)
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(answer));

        Assert.That((await PullAsync(peer)).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
    }

    [Test]
    public async Task Headers_without_end_are_a_violation()
    {
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\n");
            while (true)
                await exchange.WriteAsync($"X: {new string('x', 1000)}\r\n");
        });

        Assert.That((await PullAsync(peer)).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
    }

    [Test]
    public async Task Failure_contains_no_text_of_the_peer()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync("HTTP/1.1 200 OK\r\nsecret word\r\n\r\n"));

        Assert.That((await PullAsync(peer)).Single().Failure?.Detail, Is.Not.Null.And.Not.Contain("secret"));
    }
}
