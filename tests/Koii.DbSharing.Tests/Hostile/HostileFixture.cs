using Koii.DbSharing.Peers;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.Tests.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>Runs rounds with one hostile and three honest peers over real sockets, with barriers and a measurement of memory.</summary>
internal abstract class HostileFixture : PeerClientFixture
{
    protected const int MegaByte = 1024 * 1024;

    private readonly ObservedClient _observed;
    private readonly List<long> _liveBytes = [];

    protected HostileFixture()
    {
        Options.AllowPrivateAddresses = true;
        Limits.HeadersTimeout = TimeSpan.FromSeconds(11); // Distinguishes its timer from that of the idle time-out.
        Store = new WatchedStore(new InMemoryLinktreeStore(Options, Clock));
        _observed = new ObservedClient(() => Client);
    }

    /// <summary>A record of each honest peer.</summary>
    protected SignedLinktree[] Honest { get; } = [.. Enumerable.Range(1, 3).Select(author => Signed((byte)author))];

    protected WatchedStore Store { get; }

    /// <summary>The time-out is for the failure only: where the hostile peer delays the others, this never completes.</summary>
    protected Task HonestAreStored => Store.HoldsAsync(Honest).WaitAsync(TimeSpan.FromMinutes(5));

    /// <summary>The client of the engine, without the extension.</summary>
    protected IPeerClient ObservedLists => new ListsOnly(_observed);

    /// <summary>The client of the engine, with the extension.</summary>
    protected ObservedClient ObservedPeers => _observed;

    /// <summary>The connections of the client.</summary>
    protected CountedConnections Connections { get; } = new();

    /// <summary>How much more memory was in use in any measurement than in the first.</summary>
    protected long MemoryUsed => _liveBytes.Max() - _liveBytes[0];

    /// <summary>The bound of that: 8 MB for each peer that is read at the same time.</summary>
    protected long MemoryBound => Options.MaxConcurrentPeers * 8L * MegaByte;

    /// <summary>Three peers that have a record each.</summary>
    /// <param name="held">What the peer with the extension holds too.</param>
    /// <param name="mayAnswer">None of them answers before this is completed.</param>
    protected HonestPeers StartHonest(IEnumerable<SignedLinktree> held, Task mayAnswer) =>
        new((Keyed(Honest[0]), Bare(Honest[2])), new ExtendedHost([.. held, Honest[1]]), mayAnswer);

    protected async Task AssertHonestAreStoredAsync() =>
        Assert.That((await Store.GetAsync([.. Honest.Select(linktree => linktree.Id)])).Count, Is.EqualTo(3));

    protected void MeasureMemory() => _liveBytes.Add(GC.GetTotalMemory(forceFullCollection: true));

    /// <summary>What a hostile peer does in the middle of its body: it continues when the records of the others are stored.</summary>
    protected async Task InTheMiddleAsync()
    {
        await HonestAreStored;
        MeasureMemory();
    }

    /// <summary>
    /// Waits until the honest peers are read to their end: the hostile one is then the only one that a time-out can end.
    /// </summary>
    protected async Task HonestAreReadAsync(HonestPeers honest)
    {
        await HonestAreStored;
        await _observed.WhenIdleAsync(honest.Addresses);
    }

    /// <summary>Sends a byte each second until the client disconnects, each after the client has started to wait for it.</summary>
    protected async Task SendByteEachSecondAsync(LoopbackExchange exchange)
    {
        await BodyIsAwaitedAsync();
        for (var second = 1; second <= 10; second++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await exchange.WriteChunkAsync(" ");
            await (second < 10 ? BodyIsAwaitedAsync() : exchange.WaitForClientToLeaveAsync());
        }
    }

    protected override HttpClient CreateHttp() => LoopbackHttp.CreateClient(Limits, Connections);

    protected static SignedLinktree Signed(byte author) => Samples.Signed(author);

    /// <summary>The client, with a barrier for the end of its calls.</summary>
    internal sealed class ObservedClient(Func<HttpPeer> client) : IPeerClient, IPeerReconciler
    {
        private readonly StateBarrier _barrier = new();
        private readonly List<NodeAddress> _running = [];

        /// <summary>Completes when no call to these peers is running.</summary>
        public Task WhenIdleAsync(IEnumerable<NodeAddress> peers) => _barrier.WhenAsync(() => !_running.Intersect(peers).Any());

        public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default) =>
            ObserveAsync(peer, client().ReadAllAsync(peer, entityTag, cancellationToken));

        public IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
            ObserveAsync(peer, client().FetchAsync(peer, ids, cancellationToken));

        public ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default) =>
            ObserveAsync(peer, client().GetSummaryAsync(peer, cancellationToken));

        public ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(
            NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
            ObserveAsync(peer, client().ReconcileAsync(peer, message, cancellationToken));

        private async ValueTask<T> ObserveAsync<T>(NodeAddress peer, ValueTask<T> call)
        {
            _barrier.Change(() => _running.Add(peer));
            try
            {
                return await call;
            }
            finally
            {
                _barrier.Change(() => _running.Remove(peer));
            }
        }

        private async IAsyncEnumerable<PeerPage> ObserveAsync(NodeAddress peer, IAsyncEnumerable<PeerPage> pages)
        {
            _barrier.Change(() => _running.Add(peer));
            try
            {
                await foreach (var page in pages)
                    yield return page;
            }
            finally
            {
                _barrier.Change(() => _running.Remove(peer));
            }
        }
    }
}
