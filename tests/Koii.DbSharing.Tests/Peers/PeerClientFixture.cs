using System.Text;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>A client on a manual clock for each test. Every test ends with the check that it left no timer armed.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal abstract class PeerClientFixture : IDisposable
{
    private static readonly PeerPage Opening = new([]);

    private HttpClient? _http;
    private HttpPeerClient? _client;

    protected WatchedTimeProvider Clock { get; } = new();

    protected DbSharingOptions Options { get; } = new() { TaskId = "T" };

    protected PeerLimits Limits => Options.PeerLimits;

    protected HttpClient Http => _http ??= CreateHttp();

    protected HttpPeerClient Client => _client ??= ClientOn(Http);

    protected HttpPeerReconciler Reconciler => new(ConnectionsOn(Http), Options, Clock);

    protected virtual HttpClient CreateHttp() => LoopbackHttp.CreateClient(Limits);

    protected HttpPeerClient ClientOn(HttpClient http, PeerAddressGuard? guard = null) => new(ConnectionsOn(http, guard), Options, Clock, NullLogger<HttpPeerClient>.Instance);

    private PeerConnections ConnectionsOn(HttpClient http, PeerAddressGuard? guard = null) =>
        new(() => http, () => http, guard ?? new PeerAddressGuard(allowPrivateAddresses: true), Options);

    [TearDown]
    public void NoTimerIsLeft() => Assert.That(Clock.ArmedTimers, Is.Zero, "a timer was left behind");

    public void Dispose()
    {
        _http?.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<List<PeerPage>> PullAsync(LoopbackPeer peer, string? entityTag = null) => PullAsync(peer.Address, entityTag);

    protected async Task<List<PeerPage>> PullAsync(NodeAddress peer, string? entityTag = null, CancellationToken cancellationToken = default)
    {
        var pages = await Client.ReadAllAsync(peer, entityTag, cancellationToken).ToListAsync(CancellationToken.None);
        Assert.That(pages, Is.Not.Empty);
        pages.RemoveAll(page => IsOpening(page) && !ReferenceEquals(page, pages[^1]));
        Assert.That(pages.SkipLast(1).Select(page => (page.Failure, page.EntityTag, page.NotModified)), Is.All.EqualTo(((PeerFailure?)null, (string?)null, false)),
            "only the last page says how it ended");
        return pages;
    }

    /// <summary>What a client gives when the body begins.</summary>
    protected static bool IsOpening(PeerPage page) => page == Opening;

    protected static IEnumerable<SignedLinktree> RecordsOf(IEnumerable<PeerPage> pages) => pages.SelectMany(page => page.Linktrees);

    protected static SignedLinktree[] Linktrees(int count) =>
        [.. Enumerable.Range(0, count).Select(number => Samples.Linktree((byte)(number % 250), $"u{number}", 1_700_000_000_000 + number))];

    protected static string Record(SignedLinktree linktree) =>
        $$"""{"data":{{Encoding.UTF8.GetString(linktree.Data.Span)}},"publicKey":"{{linktree.Author}}","signature":"{{linktree.Signature}}"}""";

    protected static string Bare(params SignedLinktree[] linktrees) => $"[{string.Join(',', linktrees.Select(Record))}]";

    protected static string Keyed(params SignedLinktree[] linktrees) =>
        $"[{string.Join(',', linktrees.Select(linktree => $$"""{"key":"linktree:{{linktree.Author}}","value":{{Record(linktree)}}}"""))}]";

    /// <summary>A list that goes on after its last element.</summary>
    protected static string Unclosed(params SignedLinktree[] linktrees) => Keyed(linktrees)[..^1] + ",";
}
