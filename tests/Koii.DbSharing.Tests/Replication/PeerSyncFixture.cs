using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>One node and a peer with the extension. The steps are observed by the requests that the peer receives.</summary>
public abstract class PeerSyncFixture
{
    private protected static readonly PeerFailure PassingFailure = new(PeerFailureKind.Interrupted);

    private protected FakeReconciler _network = null!;
    private protected Node _node = null!;

    [SetUp]
    public void Start()
    {
        _network = new FakeReconciler();
        _node = new Node { Reconciler = _network }.Lists(1);
    }

    private protected static SignedLinktree[] Records(int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => Samples.Linktree((byte)(i % 200), $"u{i / 200}", 1_000_000 + (1_000L * i)))];

    private protected static ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> Answer(byte[] message) => ValueTask.FromResult(new PeerAnswer<ReadOnlyMemory<byte>>(message, null, message.Length));

    private protected static IAsyncEnumerable<PeerPage> Page(PeerPage page) => ExtendedPeer.PagesAsync(() => Task.FromResult(page));

    private protected async Task HoldsAsync(SignedLinktree[] records) => await _node.Store.PutAsync(records);

    private protected async Task<PeerReport> AskAsync()
    {
        var report = await _node.ShareAsync();
        foreach (var _ in _node.Peers.Calls)
            _network.Calls.Enqueue("list");
        _node.Peers.Calls.Clear();
        return report.Peers.Single();
    }

    private protected void AssertAsked(params string[] calls) => Assert.That(_network.Calls, Is.EqualTo(calls));
}
