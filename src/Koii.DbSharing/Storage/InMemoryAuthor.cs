namespace Koii.DbSharing.Storage;

/// <summary>The records of one author in an <see cref="InMemoryLinktreeStore"/>.</summary>
/// <param name="key">The public key of the author.</param>
internal sealed class InMemoryAuthor(PublicKey key)
{
    /// <summary>Up to so many records, an array takes less time and memory than a tree and a dictionary.</summary>
    private const int MaxFew = 16;

    // In ascending order of the versions; not used once there were more.
    private InMemoryEntry[] _few = [];
    private EntryTree? _many;
    private Dictionary<string, InMemoryEntry>? _byUuid;

    internal PublicKey Key => key;

    internal int Count => _many is null ? _few.Length : _many.Count;

    /// <summary>The record with the lowest version. There must be one.</summary>
    internal InMemoryEntry Oldest => _many is null ? _few[0] : _many.First;

    internal InMemoryEntry? Find(string uuid)
    {
        if (_byUuid is not null)
            return _byUuid.GetValueOrDefault(uuid);

        foreach (var entry in _few)
        {
            if (entry.Linktree.Uuid == uuid)
                return entry;
        }

        return null;
    }

    internal void Add(InMemoryEntry entry)
    {
        if (_many is null && _few.Length < MaxFew)
        {
            var index = _few.Length;
            while (index > 0 && _few[index - 1].Linktree.Version > entry.Linktree.Version)
                index--;
            _few = [.. _few.AsSpan(0, index), entry, .. _few.AsSpan(index)];
            return;
        }

        if (_many is null)
            UseMany();
        _many!.Add(entry);
        _byUuid!.Add(entry.Linktree.Uuid, entry);
    }

    internal void Remove(InMemoryEntry entry)
    {
        if (_many is null)
        {
            var index = Array.IndexOf(_few, entry);
            _few = [.. _few.AsSpan(0, index), .. _few.AsSpan(index + 1)];
            return;
        }

        _many.Remove(entry);
        _byUuid!.Remove(entry.Linktree.Uuid);
    }

    internal IEnumerable<InMemoryEntry> After(LinktreeVersion? version) =>
        _many is not null ? _many.After(version) : version is null ? _few : _few.Where(entry => entry.Linktree.Version > version);

    private void UseMany()
    {
        _many = new EntryTree();
        foreach (var entry in _few)
            _many.Add(entry);
        _byUuid = _few.ToDictionary(entry => entry.Linktree.Uuid);
        _few = [];
    }
}
