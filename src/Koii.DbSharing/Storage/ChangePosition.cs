namespace Koii.DbSharing.Storage;

/// <summary>A place in a store's feed of changes. Opaque: only the store that gave it can read it. The default value is <see cref="Start"/>.</summary>
/// <param name="Value">The store's own notation.</param>
public readonly record struct ChangePosition(string? Value)
{
    /// <summary>Before the first change that the store ever made. A store that has trimmed its feed answers that it no longer reaches back to it.</summary>
    public static ChangePosition Start => default;

    /// <summary>After the last change that is committed now: a page read from here is empty and its <see cref="ChangePage.Next"/> names the present.</summary>
    public static ChangePosition Latest => new("latest");
}
