using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Peers;

/// <summary>
/// An entity tag with the path it belongs to, written as <c>all:W/"…"</c>. For the engine the text is opaque; the tag
/// is sent only to the path it came from (protocol §4.2), because two paths may use one tag for two bodies.
/// </summary>
/// <param name="Path">The last segment of the path, <c>all</c> or <c>list</c>.</param>
/// <param name="Tag">The tag as the peer wrote it, <c>"…"</c> or <c>W/"…"</c>.</param>
internal readonly record struct ListEntityTag(string Path, string Tag)
{
    // It is kept for every peer, and sent back: short, and of the characters of RFC 9110 §8.8.3 only those that are
    // ASCII.
    private const int MaxLength = 256;

    /// <summary>Converts a peer's header.</summary>
    /// <param name="path">The last segment of the path that was requested.</param>
    /// <param name="header">The header's value, or <see langword="null"/>.</param>
    /// <returns>
    /// The text for the engine; <see langword="null"/> where the header is missing or is not an entity tag.
    /// </returns>
    public static string? FromHeader(string path, string? header) => header is not null && IsEntityTag(header) ? $"{path}:{header}" : null;

    /// <summary>Parses a text that <see cref="FromHeader"/> returned.</summary>
    /// <param name="text">The text from the engine.</param>
    /// <param name="entityTag">The tag and its path.</param>
    /// <returns><see langword="false"/> where the text comes from another source.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ListEntityTag entityTag)
    {
        entityTag = default;
        if (text?.Split(':', 2) is not [var path and ("all" or "list"), var tag] || !IsEntityTag(tag))
            return false;
        entityTag = new ListEntityTag(path, tag);
        return true;
    }

    private static bool IsEntityTag(ReadOnlySpan<char> text)
    {
        if (text.Length > MaxLength)
            return false;
        if (text.StartsWith("W/"))
            text = text[2..];
        return text.Length >= 2 && text[0] == '"' && text[^1] == '"'
            && !text[1..^1].Contains('"') && !text[1..^1].ContainsAnyExceptInRange('!', '~');
    }
}
