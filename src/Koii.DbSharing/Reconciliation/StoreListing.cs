using Koii.DbSharing.Records;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>The ids of a store's records as far as it is listed, while it goes on changing. It can be left at any page and taken up again.</summary>
/// <remarks>
/// Pages and changes are applied in the order in which they were read, each change once or more often. Of an id that changed since the listing began, the last
/// change decides: a page that was read after it shows what it left, and what an earlier page showed is set right by it. An id that did not
/// change was held all the time, and is listed, or was not, and is not.
/// </remarks>
/// <param name="position">Where the feed of changes stood before the first page.</param>
internal sealed class StoreListing(ChangePosition position)
{
    private readonly HashSet<LinktreeId> _ids = [];

    /// <summary>Up to where the changes are applied.</summary>
    internal ChangePosition Position { get; private set; } = position;

    /// <summary>Where the next page starts.</summary>
    internal LinktreeVersion? Next { get; private set; }

    /// <summary>Whether the last page is among those applied.</summary>
    internal bool IsListed { get; private set; }

    internal void Apply(LinktreePage page)
    {
        foreach (var linktree in page.Linktrees)
            _ids.Add(linktree.Id);
        Next = page.Next;
        IsListed = page.Next is null;
    }

    internal void Apply(ChangePage page)
    {
        foreach (var change in page.Changes)
        {
            if (change.Removed is { } removed)
                _ids.Remove(removed.Id);
            if (change.Added is { } added)
                _ids.Add(added.Id);
        }

        Position = page.Next;
    }

    internal IdSum Sum()
    {
        var sum = new IdSum();
        foreach (var id in _ids)
            sum.Add(id);
        return sum;
    }
}
