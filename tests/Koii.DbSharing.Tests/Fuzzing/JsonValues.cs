namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>Finds the parts of a text, which may be malformed, that look like JSON values or keys.</summary>
internal static class JsonValues
{
    private const int MaxValues = 512;

    public static List<(int Start, int End)> Find(ReadOnlySpan<byte> text)
    {
        var values = new List<(int, int)>();
        var open = new Stack<int>();
        for (var at = 0; at < text.Length && values.Count < MaxValues; at++)
        {
            switch (text[at])
            {
                case (byte)'"':
                    var start = at++;
                    while (at < text.Length && text[at] != '"')
                        at += text[at] == '\\' ? 2 : 1;
                    if (at < text.Length)
                        values.Add((start, at + 1));
                    break;
                case (byte)'{' or (byte)'[':
                    open.Push(at);
                    break;
                case (byte)'}' or (byte)']':
                    if (open.TryPop(out var first))
                        values.Add((first, at + 1));
                    break;
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'z'):
                    var scalar = at;
                    while (at + 1 < text.Length
                        && (char.IsAsciiLetterOrDigit((char)text[at + 1]) || text[at + 1] is (byte)'.' or (byte)'+' or (byte)'-'))
                        at++;
                    values.Add((scalar, at + 1));
                    break;
            }
        }

        return values;
    }
}
