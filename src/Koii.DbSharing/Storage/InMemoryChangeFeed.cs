using System.Globalization;

namespace Koii.DbSharing.Storage;

/// <summary>
/// The changes of an <see cref="InMemoryLinktreeStore"/>, numbered from 1. Not safe for use by many threads: the
/// store's lock guards it.
/// </summary>
/// <param name="maxChanges">How many of the newest changes are kept.</param>
/// <param name="retention">The age up to which a change is kept.</param>
internal sealed class InMemoryChangeFeed(int maxChanges, TimeSpan retention)
{
    private readonly List<(LinktreeChange Change, DateTimeOffset At)> _changes = [];

    // Part of each position, so that a position of another store is recognized.
    private readonly string _prefix = Guid.NewGuid().ToString("N") + ":";

    // How many changes were trimmed in all, and how many of these are still at the front of the list.
    private long _trimmed;
    private int _trimmedInList;

    /// <summary>The time of the changes that are appended next.</summary>
    internal DateTimeOffset Now { get; set; }

    private int Kept => _changes.Count - _trimmedInList;

    private long Last => _trimmed + Kept;

    internal void Append(LinktreeChange change)
    {
        _changes.Add((change, Now));
        while (Kept > maxChanges || Now - _changes[_trimmedInList].At > retention)
        {
            _trimmedInList++;
            _trimmed++;
        }

        // A removal moves at most as many changes as it removes.
        if (_trimmedInList > _changes.Count / 2)
        {
            _changes.RemoveRange(0, _trimmedInList);
            _trimmedInList = 0;
        }
    }

    internal ChangePage Read(ChangePosition after, int limit)
    {
        if (after == ChangePosition.Latest)
            return new ChangePage([], Position(Last));
        if (!TryGetNumber(after, out var number) || number < _trimmed || number > Last)
            return new ChangePage([], Position(Last)) { IsTrimmed = true };

        var changes = new LinktreeChange[Math.Min(limit, Last - number)];
        var first = _trimmedInList + (int)(number - _trimmed);
        for (var i = 0; i < changes.Length; i++)
            changes[i] = _changes[first + i].Change;
        return new ChangePage(changes, Position(number + changes.Length));
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
