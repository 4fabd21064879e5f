using System.IO.Compression;
using System.Text;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>Compression, and connections that break.</summary>
internal sealed class HttpPeerClientTransferTests : PeerClientFixture
{
    private static byte[] Gzip(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return compressed.ToArray();
    }

    private static byte[] Encoded(byte[] body, string encoding) => Answers.Raw("200 OK", body, $"Content-Encoding: {encoding}\r\n");

    [TestCase("gzip")]
    [TestCase("GZIP")]
    [TestCase("x-gzip")]
    public async Task Gzip_is_decompressed_and_counted_as_received(string encoding)
    {
        var linktrees = Linktrees(20);
        var body = Gzip(Keyed(linktrees));
        await using var peer = LoopbackPeer.Serve(("/all", Encoded(body, encoding)));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages.Sum(page => page.BytesReceived), Is.EqualTo(body.Length));
        Assert.That(pages[^1].Failure, Is.Null);
    }

    [TestCase("br")]
    [TestCase("deflate")]
    [TestCase("gzip, gzip")]
    public async Task Encoding_that_was_not_asked_for_is_refused(string encoding)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Encoded([0x0b, 0x00], encoding)));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
        Assert.That(page.BytesReceived, Is.Zero);
    }

    [Test]
    public async Task Gzip_bomb_ends_at_the_limit()
    {
        Limits.MaxListBytes = 100_000;
        var body = Gzip("[" + new string(' ', 50_000_000) + "]");
        await using var peer = LoopbackPeer.Serve(("/all", Encoded(body, "gzip")));

        var page = (await PullAsync(peer))[^1];

        Assert.That(body, Has.Length.LessThan(100_000));
        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Compressed_nothing_without_end_ends_at_the_limit()
    {
        // Gzip members of no content: any number of bytes on the wire, none after decompression.
        Limits.MaxListBytes = 20_000;
        var nothing = Gzip("");
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead("Content-Encoding: gzip\r\n"));
            while (true)
                await exchange.WriteChunkAsync(nothing);
        });

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
        Assert.That(page.BytesReceived, Is.InRange(20_000, 40_000));
    }

    [Test]
    public async Task Damaged_gzip_is_a_violation_and_keeps_nothing_wrong()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Encoded(Encoding.UTF8.GetBytes("[1,2,3] is no gzip"), "gzip")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.ProtocolViolation));
        Assert.That(page.Linktrees, Is.Empty);
        Assert.That(peer.Requests, Has.Count.EqualTo(1), "a broken body is no reason to ask elsewhere");
    }

    [Test]
    public async Task Cut_gzip_keeps_what_came()
    {
        var linktrees = Linktrees(200);
        await using var peer = LoopbackPeer.Serve(("/all", Encoded(Gzip(Keyed(linktrees))[..^2000], "gzip")));

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
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{Keyed(linktrees)[..^1]}");
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
            await exchange.WriteChunkAsync(Keyed(linktrees)[..^1]);
            // Bytes that were not read yet are lost with a reset, so the client must be waiting for more first.
            await Clock.ArmedAsync(3);
            exchange.Reset();
        });

        var pages = await PullAsync(peer);

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
            await exchange.WriteChunkAsync(Keyed(linktrees)[..^1]);
            await exchange.WriteAsync("nonsense\r\n");
        });

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure?.Kind, Is.AnyOf(PeerFailureKind.Interrupted, PeerFailureKind.ProtocolViolation));
    }

    [TestCase("SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    [TestCase("HTTP/1.1 abc OK\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")]
    public async Task What_is_no_http_is_a_violation(string answer)
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
    public async Task Failure_says_nothing_that_the_peer_wrote()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync("HTTP/1.1 200 OK\r\nsecret word\r\n\r\n"));

        Assert.That((await PullAsync(peer)).Single().Failure?.Detail, Is.Not.Null.And.Not.Contain("secret"));
    }
}
