using Koii.DbSharing.Records;

namespace Koii.DbSharing.Nodes;

/// <summary>The content of a node list.</summary>
/// <param name="Nodes">The nodes, each once, in the order they came.</param>
/// <param name="Skipped">How many elements had no valid node address.</param>
/// <param name="End">How the list ended.</param>
internal sealed record NodeListReading(IReadOnlyList<NodeAddress> Nodes, int Skipped, ListEnd End);

/// <summary>
/// Reads a node list as it arrives: of each element only <c>data.url</c> counts, and an element of any other form is
/// skipped (protocol §4.1).
/// </summary>
internal static class NodeListReader
{
    private const int MaxElementDepth = 64;

    /// <summary>Reads a list.</summary>
    /// <param name="stream">The list as UTF-8, perhaps with a byte order mark.</param>
    /// <param name="limits">The limits of the list.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The content. No input makes this method throw.</returns>
    public static async ValueTask<NodeListReading> ReadAsync(Stream stream, ListLimits limits, CancellationToken cancellationToken)
    {
        using var elements = new JsonArrayReader(stream, limits);
        var nodes = new List<NodeAddress>();
        var seen = new HashSet<NodeAddress>();
        var skipped = 0;
        while (elements.End is ListEnd.More)
        {
            while (elements.TryRead(out var element, out var tooLarge))
            {
                if (tooLarge || ReadUrl(element) is not { } url || !NodeAddress.TryParse(url, out var node))
                    skipped++;
                else if (seen.Add(node))
                    nodes.Add(node);
            }

            await elements.FillAsync(cancellationToken).ConfigureAwait(false);
        }

        return new NodeListReading(nodes, skipped, elements.End);
    }

    private static string? ReadUrl(ReadOnlySpan<byte> element)
    {
        using var canonical = CanonicalJson.Create(element, MaxElementDepth);
        if (canonical.Reason is not RejectionReason.None)
            return null;
        var member = Member(Member(canonical.Bytes, "data"u8), "url"u8);
        return CanonicalValue.TryGetString(member, out var url) && url.Length <= NodeAddress.MaxLength * CanonicalValue.MaxBytesPerChar
            ? CanonicalValue.DecodeString(url)
            : null;
    }

    private static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> canonical, ReadOnlySpan<byte> key)
    {
        if (canonical is not [(byte)'{', ..])
            return default;
        var members = new CanonicalObjectReader(canonical);
        while (members.Read())
        {
            if (members.Key.SequenceEqual(key))
                return members.Value;
        }

        return default;
    }
}
