using Koii.DbSharing.Storage;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// A reader of a feed that rebuilds the stored versions from its changes, and asserts that each change continues those
/// before it.
/// </summary>
public sealed class FollowedFeed(ILinktreeChangeFeed store, ChangePosition position = default)
{
    private readonly Dictionary<LinktreeKey, LinktreeVersion> _versions = [];

    /// <summary>The versions that are stored according to the changes so far, in ascending order.</summary>
    public IEnumerable<LinktreeVersion> Versions => _versions.Values.Order();

    /// <summary>Reads to the end of the feed in pages of a limit.</summary>
    /// <returns>The changes that were read.</returns>
    public async Task<IReadOnlyList<LinktreeChange>> ReadToEndAsync(int limit = 100)
    {
        var changes = new List<LinktreeChange>();
        ChangePage page;
        do
        {
            page = await store.ReadChangesAsync(position, limit);
            Assert.That(page.IsTrimmed, Is.False, "the changes after the position are retained");
            Assert.That(page.Changes, Has.Count.LessThanOrEqualTo(limit));
            foreach (var change in page.Changes)
                Apply(change);
            changes.AddRange(page.Changes);
            position = page.Next;
        }
        while (page.Changes.Count == limit);

        return changes;
    }

    private void Apply(LinktreeChange change)
    {
        LinktreeVersion? stored = _versions.TryGetValue(change.Key, out var version) ? version : null;
        Assert.That(change.Removed, Is.EqualTo(stored), $"{change} removes what the change before it added");
        switch (change.Kind)
        {
            case LinktreeChangeKind.Inserted:
                Assert.That(change is { Added: not null, Removed: null }, $"{change} only adds");
                break;
            case LinktreeChangeKind.Replaced:
                Assert.That(change.Added > change.Removed, $"{change} adds a newer version");
                break;
            case LinktreeChangeKind.Deleted:
                Assert.That(change.Added is not null && (change.Removed is null || change.Added > change.Removed), $"{change} adds a tombstone");
                break;
            case LinktreeChangeKind.Evicted:
                Assert.That(change is { Added: null, Removed: not null }, $"{change} only removes");
                break;
            default:
                Assert.Fail($"{change} has an unknown kind");
                break;
        }

        if (change.Added is { } added)
            _versions[change.Key] = added;
        else
            _versions.Remove(change.Key);
    }
}
