using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// A store that only lists: any number of pages, created on demand, with a failure in place of one of them. Its feed is
/// empty, so the entity tag does not read them.
/// </summary>
internal sealed class PagedStore(int pages, int failingPage = -1, int dataBytes = 64 * 1024 - 512) : ILinktreeStore, ILinktreeChangeFeed
{
    private const int PageLinktrees = 16;

    private int _pagesRead;

    public int PagesRead => Volatile.Read(ref _pagesRead);

    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var page = (int)((query.After?.Timestamp ?? 0) / PageLinktrees);
        if (page == failingPage)
            throw new LinktreeStoreException("The disk of the machine named secret is gone.");

        Interlocked.Increment(ref _pagesRead);
        var name = new string('x', dataBytes);
        var linktrees = Enumerable.Range(1, PageLinktrees)
            .Select(i => (page * PageLinktrees) + i)
            .Select(i => Samples.Linktree(author: 1, uuid: $"u{i}", timestamp: i, name: name))
            .ToArray();
        return ValueTask.FromResult(new LinktreePage(linktrees, page + 1 < pages ? linktrees[^1].Version : null));
    }

    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new ChangePage([], after));

    public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
