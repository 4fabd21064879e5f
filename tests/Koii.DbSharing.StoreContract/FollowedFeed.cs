using Koii.DbSharing.Storage;

namespace Koii.DbSharing.StoreContract;

/// <summary>A reader of a feed that believes nothing: it keeps what the changes say is held, and asserts that each of them fits the ones before.</summary>
public sealed class FollowedFeed(ILinktreeChangeFeed store, ChangePosition position = default)
{
    private readonly Dictionary<LinktreeKey, LinktreeVersion> _held = [];

    /// <summary>The versions that are held according to the changes so far, in ascending order.</summary>
    public IEnumerable<LinktreeVersion> Versions => _held.Values.Order();

    /// <summary>Reads to the present in pages of the given limit.</summary>
    /// <returns>The changes that were read.</returns>
    public async Task<IReadOnlyList<LinktreeChange>> ReadOnAsync(int limit = 100)
    {
        var changes = new List<LinktreeChange>();
        ChangePage page;
        do
        {
            page = await store.ReadChangesAsync(position, limit);
            Assert.That(page.IsTrimmed, Is.False, "the feed reaches back to the position");
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
        LinktreeVersion? held = _held.TryGetValue(change.Key, out var version) ? version : null;
        Assert.That(change.Removed, Is.EqualTo(held), $"{change} removes what the change before it has added");
        switch (change.Kind)
        {
            case LinktreeChangeKind.Inserted:
                Assert.That(change is { Added: not null, Removed: null }, $"{change} only brings");
                break;
            case LinktreeChangeKind.Replaced:
                Assert.That(change.Added > change.Removed, $"{change} brings a newer version");
                break;
            case LinktreeChangeKind.Deleted:
                Assert.That(change.Added is not null && (change.Removed is null || change.Added > change.Removed), $"{change} brings a tombstone");
                break;
            case LinktreeChangeKind.Evicted:
                Assert.That(change is { Added: null, Removed: not null }, $"{change} only takes away");
                break;
            default:
                Assert.Fail($"{change} has no known kind");
                break;
        }

        if (change.Added is { } added)
            _held[change.Key] = added;
        else
            _held.Remove(change.Key);
    }
}
