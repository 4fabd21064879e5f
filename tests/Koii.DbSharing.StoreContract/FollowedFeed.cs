using Koii.DbSharing.Storage;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// A reader of a feed that rebuilds the stored versions from its changes, and asserts that each change continues those
/// before it.
/// </summary>
public sealed class FollowedFeed(ILinktreeChangeFeed store, ChangePosition position = default)
{
    private readonly StoredVersions _versions = new();

    /// <summary>The versions that are stored according to the changes so far, in ascending order.</summary>
    public IEnumerable<LinktreeVersion> Versions => _versions.Ascending;

    /// <summary>Reads to the end of the feed in pages of a limit.</summary>
    /// <returns>The changes that were read.</returns>
    public async Task<IReadOnlyList<LinktreeChange>> ReadToEndAsync(int limit = 100)
    {
        var changes = new List<LinktreeChange>();
        ChangePage page;
        do
        {
            page = await store.ReadChangesAsync(position, limit);
            Assert.That(page.IsTrimmed, Is.False, "the reader has missed no changes");
            Assert.That(page.Changes, Has.Count.LessThanOrEqualTo(limit));
            foreach (var change in page.Changes)
                _versions.Apply(change);
            changes.AddRange(page.Changes);
            position = page.Next;
        }
        while (page.Changes.Count == limit);

        return changes;
    }
}
