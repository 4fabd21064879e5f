using System.Text.Json;

namespace Koii.DbSharing.Nodes;

/// <summary>How the reading of a node list ended.</summary>
internal enum NodeListEnd
{
    Complete,
    NotAList,
    Interrupted,
    TooManyElements,
}

/// <summary>What a node list says.</summary>
/// <param name="Nodes">The nodes, each once, in the order they came.</param>
/// <param name="Skipped">How many elements named none.</param>
/// <param name="End">How the reading ended.</param>
internal sealed record NodeListReading(IReadOnlyList<NodeAddress> Nodes, int Skipped, NodeListEnd End);

/// <summary>Reads the text of a node list: of each element only <c>data.url</c> counts, and a broken element costs only itself (protocol §4.1).</summary>
internal static class NodeListReader
{
    private const int MaxDepth = 64;

    /// <summary>Reads a list.</summary>
    /// <param name="text">The whole text as UTF-8, a byte order mark included.</param>
    /// <param name="maxElements">After how many elements the rest is left unread.</param>
    /// <returns>What it says. No text makes this method throw.</returns>
    public static NodeListReading Read(ReadOnlySpan<byte> text, int maxElements)
    {
        var nodes = new List<NodeAddress>();
        var seen = new HashSet<NodeAddress>();
        var skipped = 0;
        var elements = new JsonArrayElements(text);
        for (var count = 0; elements.MoveNext(); count++)
        {
            if (count == maxElements)
                return new NodeListReading(nodes, skipped, NodeListEnd.TooManyElements);
            if (ReadUrl(elements.Current) is not { } url || !NodeAddress.TryParse(url, out var node))
                skipped++;
            else if (seen.Add(node))
                nodes.Add(node);
        }

        return new NodeListReading(nodes, skipped, elements.End);
    }

    private static string? ReadUrl(ReadOnlySpan<byte> element)
    {
        try
        {
            using var document = JsonDocument.Parse(element.ToArray(), new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty("data", out var data)
                && data.ValueKind is JsonValueKind.Object && data.TryGetProperty("url", out var url) && url.ValueKind is JsonValueKind.String
                ? url.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
