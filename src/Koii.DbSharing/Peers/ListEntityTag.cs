using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Peers;

/// <summary>
/// An entity tag together with the path it belongs to, written as <c>all:W/"…"</c>. The engine keeps that text without looking into it; the tag
/// goes out only to the path it came from (protocol §4.2), because two paths may use one tag for two bodies.
/// </summary>
/// <param name="Path">The path.</param>
/// <param name="Tag">The tag as the peer wrote it, <c>"…"</c> or <c>W/"…"</c>.</param>
internal readonly record struct ListEntityTag(ListPath Path, string Tag)
{
    // It is kept for every peer, and sent back: short, and of the characters of RFC 9110 §8.8.3 only those that are ASCII.
    private const int MaxLength = 256;

    /// <summary>Takes a tag from a peer's header.</summary>
    /// <param name="path">The path that was asked.</param>
    /// <param name="header">The header's value, or <see langword="null"/>.</param>
    /// <returns>The text for the engine; <see langword="null"/> where the header is missing or no entity tag.</returns>
    public static string? FromHeader(ListPath path, string? header) =>
        header is not null && IsEntityTag(header) ? $"{path.ToSegment()}:{header}" : null;

    /// <summary>Takes back what <see cref="FromHeader"/> gave.</summary>
    /// <param name="text">The text from the engine.</param>
    /// <param name="entityTag">The tag and its path.</param>
    /// <returns><see langword="false"/> where the text is from elsewhere.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ListEntityTag entityTag)
    {
        entityTag = default;
        if (text is null || text.IndexOf(':') is not (>= 0 and var colon) || !IsEntityTag(text.AsSpan(colon + 1)))
            return false;

        var segment = text.AsSpan(0, colon);
        var path = segment is "list" ? ListPath.List : ListPath.All;
        entityTag = new ListEntityTag(path, text[(colon + 1)..]);
        return segment.SequenceEqual(path.ToSegment());
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
