using Koii.DbSharing.Http;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>A client on a manual clock for each test. Every test ends with the check that no timer is left set.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal abstract class PeerClientFixture : IDisposable
{
    /// <summary>How long a body may keep its reader waiting before its permit is released.</summary>
    protected static readonly TimeSpan PermitTimeout = TimeSpan.FromSeconds(1);

    private HttpClient? _http;
    private HttpPeer? _client;

    protected FakeClock Clock { get; } = new();

    protected DbSharingOptions Options { get; } = new() { TaskId = "T" };

    protected PeerLimits Limits => Options.PeerLimits;

    /// <summary>The connector of the client and of its guard.</summary>
    protected HostConnector Connector { get; } = LoopbackHttp.CreateConnector();

    protected HttpClient Http => _http ??= CreateHttp();

    protected HttpPeer Client => _client ??= ClientOn(Http);

    /// <summary>The client without the extension, so that the engine reads lists.</summary>
    protected IPeerClient ListClient => new ListsOnly(Client);

    protected virtual HttpClient CreateHttp() => LoopbackHttp.CreateClient(Limits, Connector);

    protected HttpPeer ClientOn(HttpClient http, PeerAddressGuard? guard = null) => ClientOn(http, http, guard);

    protected HttpPeer ClientOn(HttpClient listed, HttpClient named, PeerAddressGuard? guard = null) => new(
        listed, named, guard ?? new PeerAddressGuard(allowPrivateAddresses: true, Connector), Options, Clock, NullLogger<HttpPeer>.Instance);

    [TearDown]
    public void NoTimerIsLeft() => Assert.That(Clock.IsIdle, Is.True, "a timer was left behind");

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
        Assert.That(pages.SkipLast(1).Select(page => (page.Failure, page.EntityTag, page.NotModified)), Is.All.EqualTo(((PeerFailure?)null, (string?)null, false)),
            "only the last page has the result");
        return pages;
    }

    /// <summary>Waits until the client waits for the next bytes of a body.</summary>
    protected Task BodyIsAwaitedAsync() => Clock.WhenTimerIsSetAsync(Limits.IdleTimeout);

    /// <summary>Sends a chunk to a client that waits for it, and waits until the client waits for the next one.</summary>
    protected async Task SendToWaitingClientAsync(LoopbackExchange exchange, string chunk)
    {
        await BodyIsAwaitedAsync();
        Clock.Advance(TimeSpan.FromTicks(1)); // The next wait then ends one tick after this one.
        await exchange.WriteChunkAsync(chunk);
        await BodyIsAwaitedAsync();
    }

    protected static IEnumerable<SignedLinktree> RecordsOf(IEnumerable<PeerPage> pages) => pages.SelectMany(page => page.Linktrees);

    protected static SignedLinktree[] Linktrees(int count) =>
        [.. Enumerable.Range(0, count).Select(number => Samples.Linktree((byte)(number % 250), $"u{number}", 1_700_000_000_000 + number))];

    protected static string Record(SignedLinktree linktree) => Samples.Json(linktree);

    protected static string Bare(params SignedLinktree[] linktrees) => Samples.BareList(linktrees);

    protected static string Keyed(params SignedLinktree[] linktrees) => Samples.KeyedList(linktrees);

    /// <summary>A list that goes on after its last element.</summary>
    protected static string Unclosed(params SignedLinktree[] linktrees) => Keyed(linktrees)[..^1] + ",";

    private protected sealed class ListsOnly(IPeerClient client) : IPeerClient
    {
        public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default) =>
            client.ReadAllAsync(peer, entityTag, cancellationToken);
    }
}
