using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>Measures JSON values in canonical form. Nothing is checked: the bytes must come from <see cref="EcmaScriptJson"/>.</summary>
internal static class CanonicalValue
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);

    /// <summary>The length of the value that <paramref name="canonical"/> starts with.</summary>
    internal static int Length(ReadOnlySpan<byte> canonical)
    {
        switch (canonical[0])
        {
            case (byte)'"':
                return StringLength(canonical);
            case (byte)'{' or (byte)'[':
                return ContainerLength(canonical, out _);
            default:
                var length = canonical.IndexOfAny((byte)',', (byte)'}', (byte)']');
                return length < 0 ? canonical.Length : length;
        }
    }

    /// <summary>How many levels of objects and arrays the value has.</summary>
    internal static int Depth(ReadOnlySpan<byte> canonical)
    {
        if (canonical[0] is not ((byte)'{' or (byte)'['))
            return 0;
        ContainerLength(canonical, out var depth);
        return depth;
    }

    /// <summary>The length of the string that <paramref name="canonical"/> starts with, quotes included.</summary>
    internal static int StringLength(ReadOnlySpan<byte> canonical)
    {
        var at = 1;
        while (true)
        {
            at += canonical[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (canonical[at] == '"')
                return at + 1;
            at += 2;
        }
    }

    private static int ContainerLength(ReadOnlySpan<byte> canonical, out int deepest)
    {
        deepest = 0;
        var depth = 0;
        var at = 0;
        while (true)
        {
            at += canonical[at..].IndexOfAny(Structure);
            switch (canonical[at])
            {
                case (byte)'"':
                    at += StringLength(canonical[at..]);
                    continue;
                case (byte)'{' or (byte)'[':
                    deepest = Math.Max(deepest, ++depth);
                    break;
                default:
                    depth--;
                    break;
            }

            at++;
            if (depth == 0)
                return at;
        }
    }
}
