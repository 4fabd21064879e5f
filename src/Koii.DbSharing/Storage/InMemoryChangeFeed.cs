using System.Globalization;

namespace Koii.DbSharing.Storage;

/// <summary>The changes of an <see cref="InMemoryLinktreeStore"/>, numbered from 1. Not safe for threads: the store's lock guards it.</summary>
/// <param name="capacity">How many of the newest changes are certainly kept.</param>
internal sealed class InMemoryChangeFeed(int capacity)
{
    private readonly List<LinktreeChange> _changes = [];

    // Positions carry it, so that one of another store is told from our own.
    private readonly string _prefix = Guid.NewGuid().ToString("N") + ":";
    private long _trimmed;

    private long Last => _trimmed + _changes.Count;

    internal void Append(LinktreeChange change)
    {
        // Trimming by halves moves each change once at most.
        if (_changes.Count == 2 * (long)capacity)
        {
            _changes.RemoveRange(0, capacity);
            _trimmed += capacity;
        }

        _changes.Add(change);
    }

    internal ChangePage Read(ChangePosition after, int limit)
    {
        if (after == ChangePosition.Latest)
            return new ChangePage([], Position(Last));
        if (!TryGetNumber(after, out var number) || number < _trimmed || number > Last)
            return new ChangePage([], Position(Last)) { IsTrimmed = true };

        var changes = _changes.GetRange((int)(number - _trimmed), (int)Math.Min(limit, Last - number));
        return new ChangePage(changes, Position(number + changes.Count));
    }

    private ChangePosition Position(long number) => new(_prefix + number.ToString(CultureInfo.InvariantCulture));

    private bool TryGetNumber(ChangePosition position, out long number)
    {
        number = 0;
        return position == ChangePosition.Start
            || (position.Value!.StartsWith(_prefix, StringComparison.Ordinal)
                && long.TryParse(position.Value.AsSpan(_prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number));
    }
}
