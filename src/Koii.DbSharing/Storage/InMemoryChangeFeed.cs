using System.Globalization;

namespace Koii.DbSharing.Storage;

/// <summary>The changes of an <see cref="InMemoryLinktreeStore"/>, numbered from 1. Not safe for threads: the store's lock guards it.</summary>
/// <param name="maxKept">How many of the newest changes are kept.</param>
/// <param name="keptFor">How long a change is kept, if there is room.</param>
internal sealed class InMemoryChangeFeed(int maxKept, TimeSpan keptFor)
{
    private readonly List<(LinktreeChange Change, DateTimeOffset At)> _changes = [];

    // Positions carry it, so that one of another store is told from our own.
    private readonly string _prefix = Guid.NewGuid().ToString("N") + ":";

    // How many changes were trimmed in all, and how many of these are still at the front of the list.
    private long _trimmed;
    private int _dead;

    /// <summary>The time of the changes that are appended next.</summary>
    internal DateTimeOffset Now { get; set; }

    private int Kept => _changes.Count - _dead;

    private long Last => _trimmed + Kept;

    internal void Append(LinktreeChange change)
    {
        _changes.Add((change, Now));
        while (Kept > maxKept || Now - _changes[_dead].At > keptFor)
        {
            _dead++;
            _trimmed++;
        }

        // Each change is moved once at most for one that is removed.
        if (_dead > _changes.Count / 2)
        {
            _changes.RemoveRange(0, _dead);
            _dead = 0;
        }
    }

    internal ChangePage Read(ChangePosition after, int limit)
    {
        if (after == ChangePosition.Latest)
            return new ChangePage([], Position(Last));
        if (!TryGetNumber(after, out var number) || number < _trimmed || number > Last)
            return new ChangePage([], Position(Last)) { IsTrimmed = true };

        var changes = new LinktreeChange[Math.Min(limit, Last - number)];
        var first = _dead + (int)(number - _trimmed);
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
