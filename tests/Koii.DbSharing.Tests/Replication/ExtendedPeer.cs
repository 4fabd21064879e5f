using System.Runtime.CompilerServices;
using Koii.DbSharing.Reconciliation;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>A peer that has the extension and tells the truth, except where a test has it say something else.</summary>
internal sealed class ExtendedPeer
{
    private readonly InMemoryLinktreeStore _store = new(new DbSharingOptions { TaskId = "task", LinktreesPerAuthor = 100_000 });
    private readonly LinktreeIndex _index;

    public ExtendedPeer(IEnumerable<SignedLinktree> holds)
    {
        _index = new LinktreeIndex(_store, _store);
        _store.PutAsync([.. holds]).AsTask().GetAwaiter().GetResult();
        Summary = async _ => new PeerAnswer<PeerSummary>(new PeerSummary(await _index.GetSummaryAsync(), PerAuthor) { CanReconcile = CanReconcile }, null, 100);
        Reconcile = async (message, _) => new PeerAnswer<ReadOnlyMemory<byte>>(new Responder(await _index.GetItemsAsync(default)).Respond(message.Span), null, 1_000);
        Fetch = (ids, _) => PagesAsync(async () => new PeerPage(await _store.GetAsync(ids)) { BytesReceived = 10_000 });
    }

    public int PerAuthor { get; set; } = 16;

    public bool CanReconcile { get; set; } = true;

    public Func<CancellationToken, ValueTask<PeerAnswer<PeerSummary>>> Summary { get; set; }

    public Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<PeerAnswer<ReadOnlyMemory<byte>>>> Reconcile { get; set; }

    public Func<IReadOnlyList<LinktreeId>, CancellationToken, IAsyncEnumerable<PeerPage>> Fetch { get; set; }

    public ValueTask PutAsync(params SignedLinktree[] linktrees) => new(_store.PutAsync(linktrees).AsTask());

    public static async IAsyncEnumerable<PeerPage> PagesAsync(Func<Task<PeerPage>> page, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return await page();
    }
}
