using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Koii.DbSharing.Storage;

/// <summary>How far a reader of a change feed has read: what a <see cref="ChangePosition"/> contains.</summary>
/// <remarks>
/// For authors of stores. Each change of a task has a number, from 1 on, and a store keeps the number of the change that
/// added each record. A removed version is kept for a while with two numbers: of the change that added it, and of the
/// change that removed it. A reader is then returned these changes (<see cref="ChangePageBuilder"/>):
/// <list type="bullet">
/// <item>Up to <see cref="Head"/>: the additions after <see cref="Read"/> of records that are stored or were removed
/// after <see cref="Head"/>. What was removed before is never returned, because the reader has not received it.</item>
/// <item>After <see cref="Head"/>: all additions and removals.</item>
/// </list>
/// A reader has missed changes if, and only if, the store has trimmed a removal whose number is greater than
/// <see cref="Head"/>.
/// </remarks>
/// <param name="Read">
/// The number of the last change that was returned or skipped; from 0, at the start, to <paramref name="Head"/>.
/// </param>
/// <param name="Head">
/// The number of the store's last change when the reader started, or <paramref name="Read"/> once that is reached.
/// </param>
public readonly record struct ChangeCursor(long Read, long Head)
{
    /// <summary>Parses a position.</summary>
    /// <param name="position">The position that a reader passed.</param>
    /// <param name="feed">The name of the feed, unique to the task and the database, without a colon.</param>
    /// <param name="last">The number of the store's last change.</param>
    /// <param name="trimmed">The greatest number of a removal that was trimmed, or 0.</param>
    /// <param name="cursor">
    /// The cursor; if the method returns <see langword="false"/>, the one to start again from.
    /// </param>
    /// <returns>
    /// <see langword="false"/> if the reader has missed changes or the position is not one of this feed.
    /// </returns>
    public static bool TryParse(ChangePosition position, string feed, long last, long trimmed, out ChangeCursor cursor)
    {
        var start = new ChangeCursor(0, last);
        if (position == ChangePosition.Start || position == ChangePosition.Latest)
        {
            cursor = position == ChangePosition.Start ? start : new ChangeCursor(last, last);
            return true;
        }

        var isValid = TryParse(position.Value, feed, out cursor) && cursor.Read <= cursor.Head && cursor.Head <= last && cursor.Head >= trimmed;
        if (!isValid)
            cursor = start;
        return isValid;
    }

    /// <summary>Moves on to a later change.</summary>
    /// <param name="read">The number of the change.</param>
    /// <returns>The cursor after the change.</returns>
    public ChangeCursor AdvanceTo(long read) => new(read, Math.Max(Head, read));

    /// <summary>Makes the position that <see cref="TryParse(ChangePosition, string, long, long, out ChangeCursor)"/> parses.</summary>
    /// <param name="feed">The name of the feed.</param>
    /// <returns>The position.</returns>
    public ChangePosition ToPosition(string feed) => new(
        Read == Head
            ? string.Create(CultureInfo.InvariantCulture, $"{feed}:{Read}")
            : string.Create(CultureInfo.InvariantCulture, $"{feed}:{Read}:{Head}"));

    private static bool TryParse([NotNullWhen(true)] string? value, string feed, out ChangeCursor cursor)
    {
        cursor = default;
        if (value is null || !value.StartsWith(feed, StringComparison.Ordinal) || value.AsSpan(feed.Length) is not [':', .. var numbers])
            return false;

        var colon = numbers.IndexOf(':');
        var isParsed = TryParse(colon < 0 ? numbers : numbers[..colon], out var read);
        var head = read;
        if (colon >= 0)
            isParsed &= TryParse(numbers[(colon + 1)..], out head);
        cursor = new ChangeCursor(read, head);
        return isParsed;
    }

    private static bool TryParse(ReadOnlySpan<char> digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
