namespace Koii.DbSharing.Storage;

/// <summary>
/// A position in a store's change feed. Opaque: only the store that returned it can interpret it. The default value is
/// <see cref="Start"/>.
/// </summary>
/// <param name="Value">The position in the store's own notation.</param>
public readonly record struct ChangePosition(string? Value)
{
    /// <summary>
    /// The position before the first change: the feed first returns each record that is stored as an addition, and then
    /// every change.
    /// </summary>
    public static ChangePosition Start => default;

    /// <summary>
    /// The position after the last change that is committed at the time of the call: the page read from it is empty,
    /// and its <see cref="ChangePage.Next"/> is that position.
    /// </summary>
    public static ChangePosition Latest => new("latest");
}
