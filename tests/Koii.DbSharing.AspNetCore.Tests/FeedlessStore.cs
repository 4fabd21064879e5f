namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>A store of the four required methods only.</summary>
internal sealed class FeedlessStore(DbSharingOptions options) : ILinktreeStore
{
    private readonly InMemoryLinktreeStore _store = new(options);

    public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
        _store.PutAsync(linktrees, cancellationToken);

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
        _store.GetVersionsAsync(keys, cancellationToken);

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
        _store.GetAsync(ids, cancellationToken);

    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) =>
        _store.ListAsync(query, cancellationToken);
}
