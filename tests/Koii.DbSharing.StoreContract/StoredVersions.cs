using Koii.DbSharing.Storage;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// The versions that are stored according to the changes that a reader was told. It asserts that each change continues
/// those before it.
/// </summary>
internal sealed class StoredVersions
{
    private readonly Dictionary<LinktreeKey, LinktreeVersion> _versions;

    internal StoredVersions() => _versions = [];

    private StoredVersions(Dictionary<LinktreeKey, LinktreeVersion> versions) => _versions = versions;

    internal IEnumerable<LinktreeVersion> Ascending => _versions.Values.Order();

    internal StoredVersions With(IEnumerable<LinktreeChange> changes)
    {
        var next = new StoredVersions(new Dictionary<LinktreeKey, LinktreeVersion>(_versions));
        foreach (var change in changes)
            next.Apply(change);
        return next;
    }

    internal void Apply(LinktreeChange change)
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
