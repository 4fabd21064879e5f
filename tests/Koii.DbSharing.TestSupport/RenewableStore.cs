using Koii.DbSharing.Storage;

namespace Koii.DbSharing.TestSupport;

/// <summary>
/// A store that loses a record for another reason than a newer one, such as damage, and then renews its change feed: all
/// positions that it returned before are unknown.
/// </summary>
public sealed class RenewableStore(InMemoryLinktreeStore inner) : ILinktreeStore, ILinktreeChangeFeed
{
    private readonly HashSet<LinktreeVersion> _lost = [];
    private int _feed;
    private int _lists;

    /// <summary>Called before each page is read, with the number of pages that were read.</summary>
    public Action<int>? BeforeList { get; set; }

    public void Lose(SignedLinktree linktree)
    {
        _lost.Add(linktree.Version);
        _feed++;
    }

    public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
        inner.PutAsync(linktrees, cancellationToken);

    public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
        inner.GetVersionsAsync(keys, cancellationToken);

    public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
        inner.GetAsync(ids, cancellationToken);

    public async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        BeforeList?.Invoke(_lists++);
        var page = await inner.ListAsync(query, cancellationToken);
        return page with { Linktrees = [.. page.Linktrees.Where(linktree => !_lost.Contains(linktree.Version))] };
    }

    public async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
    {
        if (after != ChangePosition.Start && after != ChangePosition.Latest)
        {
            var parts = after.Value!.Split(':', 2);
            if (parts[0] != $"{_feed}")
                return new ChangePage([], ChangePosition.Start) { IsTrimmed = true };
            after = new ChangePosition(parts[1]);
        }

        var page = await inner.ReadChangesAsync(after, limit, cancellationToken);
        LinktreeChange[] changes = [.. page.Changes.Where(change => change.Added is not { } added || !_lost.Contains(added))];
        return new ChangePage(changes, new ChangePosition($"{_feed}:{page.Next.Value}")) { IsTrimmed = page.IsTrimmed };
    }
}
