namespace Koii.DbSharing.Sqlite;

/// <summary>Collects the records of a page until it is full by number or by size.</summary>
internal sealed class PageBuilder(int limit)
{
    private readonly List<SignedLinktree> _linktrees = [];
    private int _bytes;

    internal bool IsComplete => _linktrees.Count == limit || _bytes >= LinktreePage.MaxBytes;

    internal void Add(SignedLinktree linktree)
    {
        _linktrees.Add(linktree);
        _bytes += linktree.Data.Length;
    }

    internal LinktreePage Build(bool hasMore) => new(_linktrees, hasMore ? _linktrees[^1].Version : null);
}
