using Koii.DbSharing.Storage;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// What a change feed returns as a function of all changes since the store was empty, in the simplest code, for
/// comparison with stores. The clock never goes back.
/// </summary>
internal sealed class ChangeFeedModel(int maxRetainedChanges, TimeSpan retention)
{
    private readonly List<(LinktreeChange Change, DateTimeOffset At)> _changes = [];
    private int _trimmed;

    /// <summary>The number of the last change; the first one is 1.</summary>
    internal int Last => _changes.Count;

    /// <summary>Appends the changes of one call, and trims as the call does at its end.</summary>
    internal void Append(IEnumerable<LinktreeChange> changes, DateTimeOffset now)
    {
        _changes.AddRange(changes.Select(change => (change, now)));
        for (var number = _trimmed + 1; number <= Last; number++)
        {
            var (change, at) = _changes[number - 1];
            if (change.Removed is not null && (Last - number >= maxRetainedChanges || now - at > retention))
                _trimmed = number;
        }
    }

    /// <summary>Whether a reader must start again.</summary>
    internal bool HasMissedChanges(int head) => head < _trimmed;

    /// <summary>Returns the next changes of a reader, and the number of the last change that it has then read.</summary>
    /// <param name="read">The number of the last change that the reader has read.</param>
    /// <param name="head">The number of the last change when the reader started, if that is greater.</param>
    /// <param name="limit">The maximum number of changes.</param>
    internal (IReadOnlyList<LinktreeChange> Changes, int Read) Read(int read, int head, int limit)
    {
        var changes = new List<LinktreeChange>();
        while (read < Last && changes.Count < limit)
        {
            var change = _changes[read++].Change;
            if (read > head)
                changes.Add(change);
            else if (change.Added is { } added && !_changes.Take(head).Any(later => later.Change.Removed == added))
                changes.Add(AdditionOf(change));
        }

        return (changes, read);
    }

    private static LinktreeChange AdditionOf(LinktreeChange change) =>
        change with { Removed = null, Kind = change.Kind == LinktreeChangeKind.Deleted ? change.Kind : LinktreeChangeKind.Inserted };
}
