using System.Net;
using System.Text;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.Tests.Records;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// The responses of a peer to the three requests of the extension, headers and body: each call returns a result or a
/// failure, after a number of reads that is bounded by the bytes.
/// </summary>
internal sealed class ReconcilerTarget : FuzzTarget<ReconcilerTarget.Reading>, IDisposable
{
    private const int Calls = 3;

    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly LinktreeId[] Asked = new LinktreeId[8];

    private readonly AnswerHandler _handler = new();
    private readonly HttpClient _http;
    private readonly HttpPeer _reconciler;

    public ReconcilerTarget()
    {
        var options = new DbSharingOptions { TaskId = "T", Nodes = { Peer.Url } };
        _http = new HttpClient(_handler) { Timeout = Timeout.InfiniteTimeSpan };
        var guard = new PeerAddressGuard(allowPrivateAddresses: false, LoopbackHttp.CreateConnector());
        _reconciler = new HttpPeer(_http, _http, guard, options, TimeProvider.System, NullLogger<HttpPeer>.Instance);
    }

    public override IEnumerable<byte[]> Seeds =>
    [
        .. FuzzSeeds.Answers,
        .. new SummaryTarget().Seeds.Select(body => Answers.Raw("200 OK", body, "Content-Type: application/json\r\n")),
        .. new MessageTarget().Seeds.Select(body => Answers.Raw("200 OK", body, "Content-Type: application/octet-stream\r\n")),
        Answers.Json($"[{string.Join(',', LinktreeVector.All.Take(8).Select(_ => Json.Keyed(Json.Envelope(Json.Data()))))}]"),
        // Each exceeds the limit of its call, compressed to a thousandth.
        Answers.Gzipped(Answers.Gzip(new string(' ', 600_000))),
        Answers.Gzipped(Answers.Gzip($"[\"{new string('x', 5_000_000)}")),
        Answers.Encoded([1, 2, 3], "br"),
        Answers.Status("429 Too Many Requests", headers: "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"),
        Answers.Status("501 Not Implemented"),
    ];

    // A message may decompress to 512 KiB from few bytes, in a buffer that doubles.
    protected override int FixedBytes => 4 * 1024 * 1024;

    public void Dispose() => _http.Dispose();

    protected override async ValueTask<Reading> ReadAsync(byte[] input)
    {
        _handler.Begin(input);
        return new Reading(
            await _reconciler.GetSummaryAsync(Peer), await _reconciler.ReconcileAsync(
                Peer, new byte[] { 0x61 }), await _reconciler.FetchAsync(Peer, Asked).ToListAsync(), _handler.Reads);
    }

    protected override int Check(byte[] input, Reading reading)
    {
        var (summary, message, pages, reads) = reading;
        Assert.That(summary.Value is null, Is.EqualTo(summary.Failure is not null));
        Assert.That(message.Value.Length, Is.InRange(0, message.Failure is null ? ProtocolExtension.FrameLimit : 0));
        Assert.That(pages, Is.Not.Empty);
        Assert.That(pages.SkipLast(1).Select(page => page.Failure), Is.All.Null);
        Assert.That(pages.Sum(page => page.Linktrees.Count + page.Malformed.Values.Sum()), Is.LessThanOrEqualTo(Asked.Length));
        foreach (var record in pages.SelectMany(page => page.Linktrees))
            RecordTarget.AssertRoundTrip(record);

        // To read the end takes a few more.
        Assert.That(reads, Is.LessThanOrEqualTo(Calls * (input.Length + 4)));
        foreach (var bytes in new[] { summary.BytesReceived, message.BytesReceived, pages.Sum(page => page.BytesReceived) })
            Assert.That(bytes, Is.InRange(0, input.Length));
        PeerFailure?[] failures = [summary.Failure, message.Failure, pages[^1].Failure];
        foreach (var failure in failures.OfType<PeerFailure>())
        {
            Assert.That(Enum.IsDefined(failure.Kind) && failure.Kind is not PeerFailureKind.UnexpectedError, Is.True);
            Assert.That(failure.Detail ?? "", Does.Not.Contain("\n"));
            Assert.That(failure.RetryAfter, Is.Null.Or.InRange(TimeSpan.Zero, TimeSpan.FromHours(1)));
        }

        return HashCode.Combine(
            HashCode.Combine(failures[0]?.Kind, failures[1]?.Kind, failures[2]?.Kind, failures[0]?.StatusCode),
            failures[0]?.Detail, failures[1]?.Detail, failures[2]?.Detail,
            failures[0]?.RetryAfter is null, message.Value.Length / 256, pages.Sum(page => page.Linktrees.Count));
    }

    internal sealed record Reading(
        PeerAnswer<PeerSummary> Summary, PeerAnswer<ReadOnlyMemory<byte>> Message, IReadOnlyList<PeerPage> Pages, int Reads);

    /// <summary>
    /// Answers each request with the same bytes: a status, the headers that can be separated, and a body.
    /// </summary>
    private sealed class AnswerHandler : HttpMessageHandler
    {
        private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

        private string[] _head = [];
        private byte[] _body = [];

        public int Reads { get; private set; }

        public void Begin(byte[] answer)
        {
            var end = answer.AsSpan().IndexOf(EndOfHead);
            _head = Encoding.Latin1.GetString(answer, 0, Math.Max(end, 0)).Split("\r\n");
            _body = end < 0 ? answer : answer[(end + EndOfHead.Length)..];
            Reads = 0;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var status = _head[0].Split(
                ' ') is [_, var digits, ..] && int.TryParse(digits, out var number) && number is >= 100 and <= 999 ? number : 200;
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(new CountedBody(_body, this)) };
            foreach (var line in _head.Skip(1))
            {
                if (line.Split(": ", 2) is [var name, var value] && !response.Headers.TryAddWithoutValidation(name, value))
                    response.Content.Headers.TryAddWithoutValidation(name, value);
            }

            return Task.FromResult(response);
        }

        private sealed class CountedBody(byte[] body, AnswerHandler handler) : MemoryStream(body, writable: false)
        {
            public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                handler.Reads++;
                // Few bytes at a time, as from a network.
                return base.ReadAsync(buffer[..Math.Min(buffer.Length, 512)], cancellationToken);
            }
        }
    }
}
