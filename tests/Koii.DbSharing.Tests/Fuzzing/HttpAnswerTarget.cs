using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// The bytes of an HTTP response, headers included, to a pull and to a request for the node list: every outcome is a
/// value.
/// </summary>
internal sealed class HttpAnswerTarget : FuzzTarget<(IReadOnlyList<PeerPage> Pages, NodeListing Listing)>, IDisposable
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");

    private readonly HttpClient _http;
    private readonly HttpPeer _client;
    private readonly DbSharingOptions _options = new() { TaskId = "T", ServiceUrl = "http://service.example", Nodes = { Peer.Url } };
    private byte[] _answer = [];

    public HttpAnswerTarget()
    {
        var handler = HttpTransport.CreateHandler(_options.PeerLimits, (_, _) => new ValueTask<Stream>(new ScriptedConnection(_answer)));
        handler.PooledConnectionLifetime = TimeSpan.Zero; // Each request has a connection of its own, so that what one input left over is not the next one's.
        _http = HttpTransport.CreateClient(handler);
        var guard = new PeerAddressGuard(allowPrivateAddresses: false, LoopbackHttp.CreateConnector());
        _client = new HttpPeer(_http, _http, guard, _options, TimeProvider.System, NullLogger<HttpPeer>.Instance);
    }

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Answers;

    public void Dispose() => _http.Dispose();

    protected override async ValueTask<(IReadOnlyList<PeerPage>, NodeListing)> ReadAsync(byte[] input)
    {
        _answer = input;
        var pages = await _client.ReadAllAsync(Peer, "all:W/\"x\"").ToListAsync();
        var directory = new HttpNodeDirectory(_http, _options, TimeProvider.System, NullLogger<HttpNodeDirectory>.Instance);
        return (pages, await directory.GetNodesAsync());
    }

    protected override int Check(byte[] input, (IReadOnlyList<PeerPage> Pages, NodeListing Listing) reading)
    {
        var (pages, listing) = reading;
        Assert.That(pages, Is.Not.Empty);
        Assert.That(
            pages.SkipLast(1).Select(page => (page.Failure, page.EntityTag, page.NotModified)),
            Is.All.EqualTo(((PeerFailure?)null, (string?)null, false)));
        var last = pages[^1];
        Assert.That(last.Failure is null || last.EntityTag is null, Is.True, "an ETag of a list that was not read completely");
        // Two paths may have been requested.
        Assert.That(pages.Sum(page => page.BytesReceived), Is.InRange(0, 2 * input.Length));
        foreach (var record in pages.SelectMany(page => page.Linktrees))
            RecordTarget.AssertRoundTrip(record);
        if (last.Failure is { } failure)
        {
            Assert.That(failure.Detail ?? "", Does.Not.Contain("\n"));
            Assert.That(failure.RetryAfter, Is.Null.Or.InRange(TimeSpan.Zero, TimeSpan.FromHours(1)));
        }

        var isMissing = listing.Nodes.Count == 0 && listing.Problems.Count == 1 && listing.Problems[0].StartsWith("No node list", StringComparison.Ordinal);
        Assert.That(listing.Status == NodeListingStatus.Unavailable, Is.EqualTo(isMissing));
        return HashCode.Combine(
            last.Failure?.Kind,
            last.Failure?.StatusCode,
            last.Failure?.Detail,
            last.EntityTag is null,
            last.NotModified,
            pages.Sum(page => page.Linktrees.Count),
            listing.Status);
    }
}

/// <summary>A connection whose other side sends the same bytes for any request, and closes.</summary>
internal sealed class ScriptedConnection(byte[] answer) : MemoryStream(answer, writable: false)
{
    public override bool CanWrite => true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
