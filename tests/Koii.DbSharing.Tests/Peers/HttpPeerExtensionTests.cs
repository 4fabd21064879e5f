using System.Net;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>The three calls of the extension on the wire, and the responses that a host may send instead.</summary>
internal sealed class HttpPeerExtensionTests : PeerClientFixture
{
    private const string Summary = """{"protocol":1,"count":3,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16,"reconcile":true}""";

    private static readonly byte[] Message = [0x61, 0, 0, 2, 0];

    [Test]
    public async Task Summary_is_read()
    {
        await using var peer = LoopbackPeer.Serve(("/task/T/linktree/summary", Answers.Json(Summary)));

        var answer = await Client.GetSummaryAsync(peer.Address);

        var expected = new PeerSummary(new SetSummary(3, UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.HexNumber)), 16);
        Assert.That(answer, Is.EqualTo(new PeerAnswer<PeerSummary>(expected, null, Summary.Length) { Source = new PeerSource("127.0.0.1", null) }));
        Assert.That(peer.Requests.Single().Method, Is.EqualTo("GET"));
    }

    [TestCase("""{"reconcile":false,"protocol":1,"count":0,"fingerprint":"00112233445566778899AABBCCDDEEFF","perAuthor":1,"more":[{}]}""", false)]
    [TestCase("""{"protocol":1,"count":9007199254740993,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":2147483647,"reconcile":true}""", true)]
    public async Task Summary_may_have_more_members_in_any_order(string text, bool canReconcile)
    {
        await using var peer = LoopbackPeer.Serve(("/summary", Answers.Json(text)));

        Assert.That((await Client.GetSummaryAsync(peer.Address)).Value?.CanReconcile, Is.EqualTo(canReconcile));
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("<html>")]
    [TestCase("{")]
    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("""{"protocol":2,"count":3,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":-1,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1.5,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":"1","fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":"00112233445566778899aabbccddeef","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":"00112233445566778899aabbccddeefg","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":" 0112233445566778899aabbccddeef ","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":"\ud800","perAuthor":16}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":0}""")]
    [TestCase("""{"protocol":1,"count":1,"fingerprint":"00112233445566778899aabbccddeeff"}""")]
    public async Task Text_that_is_not_a_summary_means_that_the_extension_is_not_supported(string text)
    {
        await using var peer = LoopbackPeer.Serve(("/summary", Answers.Html(text)));

        Assert.That((await Client.GetSummaryAsync(peer.Address)).Failure?.Kind, Is.EqualTo(PeerFailureKind.NotSupported));
    }

    [TestCase("404 Not Found", PeerFailureKind.NotSupported)]
    [TestCase("405 Method Not Allowed", PeerFailureKind.NotSupported)]
    [TestCase("501 Not Implemented", PeerFailureKind.NotSupported)]
    [TestCase("500 Internal Server Error", PeerFailureKind.HttpStatus)]
    [TestCase("302 Found", PeerFailureKind.Redirected)]
    [TestCase("304 Not Modified", PeerFailureKind.ProtocolViolation)]
    [TestCase("422 Unprocessable Entity", PeerFailureKind.TaskNotRunning)]
    public async Task Other_statuses_are_values(string status, PeerFailureKind kind)
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status(status)));

        Assert.That((await Client.GetSummaryAsync(peer.Address)).Failure?.Kind, Is.EqualTo(kind));
        Assert.That((await Client.ReconcileAsync(peer.Address, Message)).Failure?.Kind, Is.EqualTo(kind));
        Assert.That((await FetchAsync(peer, [default])).Single().Failure?.Kind, Is.EqualTo(kind));
    }

    [Test]
    public async Task Too_long_a_summary_is_not_read()
    {
        await using var peer = LoopbackPeer.Serve(("/summary", Answers.Json(Summary + new string(' ', 5_000))));

        var answer = await Client.GetSummaryAsync(peer.Address);

        Assert.That(answer.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Message_goes_out_as_it_is_and_comes_back_as_it_is()
    {
        byte[] answerBytes = [0x61, .. Enumerable.Range(0, 5_000).Select(i => (byte)i)];
        await using var peer = LoopbackPeer.Serve(("/task/T/linktree/reconcile", Answers.Raw("200 OK", answerBytes, "Content-Type: application/octet-stream\r\n")));

        var answer = await Client.ReconcileAsync(peer.Address, Message);

        Assert.That(answer.Value.ToArray(), Is.EqualTo(answerBytes));
        Assert.That((answer.Failure, answer.BytesReceived), Is.EqualTo(((PeerFailure?)null, answerBytes.Length)));
        var request = peer.Requests.Single();
        Assert.That((request.Method, request.Body), Is.EqualTo(("POST", Message)));
        Assert.That(request.Headers["Content-Type"], Is.EqualTo("application/octet-stream"));
    }

    [Test]
    public async Task Message_beyond_512_KiB_is_not_read([Values(0, 1)] int beyond)
    {
        await using var peer = LoopbackPeer.Serve(("/reconcile", Answers.Gzipped(Answers.Gzip(new string('a', (512 * 1024) + beyond)))));

        var answer = await Client.ReconcileAsync(peer.Address, Message);

        Assert.That(answer.Failure?.Kind, Is.EqualTo(beyond == 0 ? null : PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Records_are_fetched()
    {
        var records = Linktrees(3);
        await using var peer = LoopbackPeer.Serve(("/task/T/linktree/fetch", Answers.Gzipped(Answers.Gzip(Keyed(records)))));

        var pages = await FetchAsync(peer, [.. records.Select(record => record.Id)]);

        Assert.That(RecordsOf(pages), Is.EqualTo(records));
        Assert.That(pages[^1].Failure, Is.Null);
        Assert.That(peer.Requests.Single().Body, Is.EqualTo(records.SelectMany(record => record.Id.AsSpan().ToArray())));
    }

    [Test]
    public async Task More_records_than_requested_are_not_read()
    {
        var records = Linktrees(3);
        await using var peer = LoopbackPeer.Serve(("/fetch", Answers.Json(Keyed(records))));

        Assert.That((await FetchAsync(peer, [records[0].Id]))[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.TooLarge));
    }

    [Test]
    public async Task Answer_that_is_cut_off_returns_what_came()
    {
        var records = Linktrees(2);
        await using var peer = LoopbackPeer.Serve(("/fetch", Answers.Json(Unclosed(records))));

        var pages = await FetchAsync(peer, new LinktreeId[5]);

        Assert.That(RecordsOf(pages), Is.EqualTo(records));
        Assert.That(pages[^1].Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [Test]
    public async Task Refused_connection_is_a_value()
    {
        using var port = new RefusingPort();

        var answer = await Client.GetSummaryAsync(NodeAddress.Parse(port.Url));

        Assert.That(answer.Failure?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
    }

    [Test]
    public async Task Silence_ends_a_call()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WaitForClientToLeaveAsync());

        var asking = Client.ReconcileAsync(peer.Address, Message).AsTask();
        await Clock.WhenTimerIsSetAsync(Limits.HeadersTimeout);
        Clock.Advance(Limits.HeadersTimeout);

        Assert.That((await asking).Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
    }

    [Test]
    public async Task Caller_can_cancel()
    {
        using var source = new CancellationTokenSource();
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await source.CancelAsync();
            await exchange.WaitForClientToLeaveAsync();
        });

        Assert.That(async () => await Client.GetSummaryAsync(peer.Address, source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private async Task<List<PeerPage>> FetchAsync(LoopbackPeer peer, IReadOnlyList<LinktreeId> ids) => await Client.FetchAsync(peer.Address, ids).ToListAsync();
}
