using System.Net;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>What the headers of a response tell beside the body: the clock of the peer, and a requested pause.</summary>
internal sealed class HttpPeerSourceTests : PeerClientFixture
{
    private const string Summary = """{"protocol":1,"count":3,"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16,"reconcile":true}""";

    // The clock of the tests starts at midnight.
    private const string QuarterPast = "Date: Thu, 01 Jan 2026 00:15:00 GMT\r\n";

    // Not the idle time-out, so that the two waits differ on the clock.
    public HttpPeerSourceTests() => Limits.HeadersTimeout = TimeSpan.FromSeconds(11);

    [Test]
    public async Task Date_of_each_response_is_returned_as_the_offset_of_the_peers_clock()
    {
        await using var peer = LoopbackPeer.Serve(
            ("/summary", Answers.Json(Summary, QuarterPast)), ("/reconcile", Answers.Json("a", QuarterPast)),
            ("/all", Answers.Json(Keyed(Linktrees(3)), QuarterPast)), ("/fetch", Answers.Json("[]", QuarterPast)));

        Assert.That(await SourcesAsync(peer), Is.All.EqualTo(new PeerSource("127.0.0.1", TimeSpan.FromMinutes(15))));
    }

    [Test]
    public async Task Date_of_a_failure_is_returned_too()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(
            Answers.Status("500 X", headers: "Date: Wed, 31 Dec 2025 23:59:00 GMT\r\n")));

        Assert.That(await SourcesAsync(peer), Is.All.Property("ClockOffset").EqualTo(TimeSpan.FromMinutes(-1)));
    }

    [Test]
    public async Task Offset_is_that_of_the_moment_at_which_the_headers_came()
    {
        await using var peer = LoopbackPeer.Start(async exchange =>
        {
            await exchange.WriteAsync(Answers.ChunkedHead(QuarterPast));
            await BodyIsAwaitedAsync();
            Clock.Advance(TimeSpan.FromSeconds(5));
            await exchange.WriteChunkAsync("[]");
            await exchange.WriteChunkAsync("");
        });

        Assert.That((await PullAsync(peer))[^1].Source?.ClockOffset, Is.EqualTo(TimeSpan.FromMinutes(15)));
    }

    [TestCase("")]
    [TestCase("Date: yesterday\r\n")]
    [TestCase(QuarterPast + "Age: 30\r\n")]
    public async Task Without_a_current_date_the_offset_is_not_known(string headers)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]", headers)));

        Assert.That((await PullAsync(peer))[^1].Source, Is.Not.Null.And.Property("ClockOffset").Null);
    }

    [Test]
    public async Task Without_a_response_there_is_no_source()
    {
        using var port = new RefusingPort();

        Assert.That((await PullAsync(NodeAddress.Parse(port.Url))).Single().Source, Is.Null);
        Assert.That((await Client.GetSummaryAsync(NodeAddress.Parse(port.Url))).Source, Is.Null);
    }

    [TestCase(429, "600", 600)]
    [TestCase(503, "7200", 3_600)]
    [TestCase(503, "Thu, 01 Jan 2026 00:02:00 GMT", 120)]
    [TestCase(403, "600", null)]
    public async Task Requested_pause_is_returned_from_every_request_up_to_an_hour(int status, string retryAfter, int? seconds)
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status($"{status} X", headers: $"Retry-After: {retryAfter}\r\n")));

        PeerFailure?[] failures =
        [
            (await PullAsync(peer)).Single().Failure,
            (await Client.GetSummaryAsync(peer.Address)).Failure,
            (await Client.ReconcileAsync(peer.Address, new byte[] { 0x61 })).Failure,
            (await Client.FetchAsync(peer.Address, new LinktreeId[1]).SingleAsync()).Failure,
        ];

        Assert.That(failures, Is.All.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus)
        {
            StatusCode = status,
            RetryAfter = seconds is { } pause ? TimeSpan.FromSeconds(pause) : null,
        }));
    }

    private async Task<PeerSource?[]> SourcesAsync(LoopbackPeer peer) =>
    [
        .. (await PullAsync(peer)).Select(page => page.Source),
        (await Client.GetSummaryAsync(peer.Address)).Source,
        (await Client.ReconcileAsync(peer.Address, new byte[] { 0x61 })).Source,
        .. (await Client.FetchAsync(peer.Address, new LinktreeId[1]).ToListAsync()).Select(page => page.Source),
    ];
}
