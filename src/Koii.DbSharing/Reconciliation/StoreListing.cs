using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>The items of a store's records as far as it is listed, while it goes on changing. It can be left at any page and taken up again.</summary>
/// <remarks>
/// Pages and changes are applied in the order in which they were read, each change once or more often. Of an id that changed since the listing began, the last
/// change decides: a page that was read after it shows what it left, and what an earlier page showed is set right by it. An id that did not
/// change was held all the time, and is listed, or was not, and is not.
/// </remarks>
/// <param name="position">Where the feed of changes stood before the first page.</param>
internal sealed class StoreListing(ChangePosition position)
{
    /// <summary>What was listed, and changed since. Pages ascend, so it is filled to the last place.</summary>
    public ItemTree Items { get; } = new();

    /// <summary>Up to where the changes are applied.</summary>
    public ChangePosition Position { get; private set; } = position;

    /// <summary>Where the next page starts.</summary>
    public LinktreeVersion? Next { get; private set; }

    /// <summary>Whether the last page is among those applied.</summary>
    public bool IsListed { get; private set; }

    public void Apply(LinktreePage page)
    {
        foreach (var linktree in page.Linktrees)
            Items.Add(SetItem.Of(linktree.Version));
        Next = page.Next;
        IsListed = page.Next is null;
    }

    public void Apply(ChangePage page)
    {
        Items.Apply(page.Changes);
        Position = page.Next;
    }

    /// <summary>Lists a store without a change feed from its first record to its last.</summary>
    public static async ValueTask<SetSummary> SummarizeAsync(ILinktreeStore store, CancellationToken cancellationToken)
    {
        var listing = new StoreListing(ChangePosition.Start);
        while (!listing.IsListed)
        {
            var query = new LinktreeQuery { IncludeTombstones = true, After = listing.Next };
            listing.Apply(RoleContract.NotNull(await store.ListAsync(query, cancellationToken).ConfigureAwait(false), "ILinktreeStore.ListAsync"));
        }

        return listing.Items.Sum.ToSummary();
    }
}
