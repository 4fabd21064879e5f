using System.Text;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>Creates inputs from other inputs by one or a few changes, of bytes or of JSON values.</summary>
internal sealed class Mutator(Random random)
{
    private const int MaxBytes = 8 * 1024;

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "\"", "\\", "\\\"", "\\u0000", "\\u0022", "\\ud800", "\\udc00", "\\ud83d\\ude80", "\\uD83D", "\\/", "\\u12", "{", "}", "[", "]", ",", ":", "[]", "{}", "\"\":", "null", "true", "false",
            "0", "-0", "-", "1e400", "1e-400", "1e21", "1e-7", "4294967294", "4294967295", "9007199254740991", "9007199254740993", "01", "1.", ".5", "1e", "1E+0", "5e-324", "0.1e-6",
            "\"__proto__\":", "\"0\":0,", "\"data\":", "\"value\":", "\"payload\":", "\"publicKey\":", "\"signature\":", "\"uuid\":", "\"timestamp\":", "\"taskId\":\"T\",", "\"deleted\":true,", "\"url\":",
            "http://", "https://[::1]:80/", "//", "\u061c", "é", "🚀", "\u2028", "\ufeff", " ", "\t", "\r\n", "\0", "1", "z", "0OIl",
            "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "ETag: W/\"x\"\r\n", "Retry-After: 1\r\n", "\r\n\r\n", "0\r\n\r\n",
            "ffffffffffffffff\r\n", "304", "503", "100 Continue",
        }.Select(Encoding.UTF8.GetBytes),
        [0xEF, 0xBB, 0xBF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xFF], [0x1F, 0x8B, 0x08],
    ];

    /// <summary>Creates an input.</summary>
    /// <param name="corpus">The inputs to change, and to take parts from.</param>
    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        var input = Any(corpus);
        do
            input = Change(input, corpus);
        while (random.Next(3) > 0);
        return input.Length <= MaxBytes ? input : input[..random.Next(MaxBytes)];
    }

    private byte[] Any(IReadOnlyList<byte[]> corpus) => corpus[random.Next(corpus.Count)];

    private byte[] Change(byte[] input, IReadOnlyList<byte[]> corpus)
    {
        var (start, end) = Range(input.Length);
        switch (random.Next(12))
        {
            case 0:
                return FlipBit(input);
            case 1:
                return Replace(input, start, Math.Min(start + 1, input.Length), [(byte)random.Next(256)]);
            case 2:
                return input[..start];
            case 3:
                return Replace(input, start, end, []);
            case 4:
                return Replace(input, start, start, Repeated(input[start..end]));
            case 5:
                return Splice(input, Any(corpus));
            case 6 or 7:
                return Replace(input, start, random.Next(2) == 0 ? start : end, Token());
            default:
                return ChangeValue(input, Any(corpus));
        }
    }

    private byte[] FlipBit(byte[] input)
    {
        if (input.Length == 0)
            return Token();
        var changed = (byte[])input.Clone();
        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        return changed;
    }

    private byte[] Splice(byte[] input, byte[] other)
    {
        var (start, end) = Range(other.Length);
        return random.Next(2) == 0 ? [.. input[..random.Next(input.Length + 1)], .. other[start..]] : Replace(
            input, random.Next(input.Length + 1), other[start..end]);
    }

    /// <summary>Changes a whole value or key, so that the text often remains JSON.</summary>
    private byte[] ChangeValue(byte[] input, byte[] other)
    {
        var values = JsonValues.Find(input);
        if (values.Count == 0)
            return Replace(input, random.Next(input.Length + 1), Token());
        var (start, end) = values[random.Next(values.Count)];
        var value = input[start..end];
        switch (random.Next(7))
        {
            case 0:
                return Replace(input, start, end, Token());
            case 1:
                return Replace(input, start, end, AnyValue(other));
            case 2:
                return Replace(input, start, end, AnyValue(input));
            case 3:
                return Replace(input, end, end, [(byte)',', .. value]);
            case 4:
                return Replace(input, start, end, Wrapped(value));
            case 5:
                return Replace(input, start, end, Encoding.UTF8.GetBytes(new Records.RandomJson(random).Next()));
            default:
                var next = end < input.Length && input[end] == ',' ? end + 1 : end;
                return Replace(input, start, next, []);
        }
    }

    private byte[] AnyValue(byte[] input)
    {
        var values = JsonValues.Find(input);
        if (values.Count == 0)
            return Token();
        var (start, end) = values[random.Next(values.Count)];
        return input[start..end];
    }

    private byte[] Wrapped(byte[] value)
    {
        var levels = random.Next(8) == 0 ? random.Next(200) : random.Next(3);
        var (open, close) = random.Next(3) switch { 0 => ("[", "]"), 1 => ("{\"a\":", "}"), _ => ("{\"0\":1,\"value\":", "}") };
        var opening = Enumerable.Repeat(Encoding.UTF8.GetBytes(open), levels).SelectMany(bytes => bytes);
        return [.. opening, .. value, .. Enumerable.Repeat((byte)close[0], levels)];
    }

    private byte[] Repeated(byte[] bytes)
    {
        var times = random.Next(8) == 0 ? random.Next(1, 64) : 1;
        return [.. Enumerable.Repeat(bytes, Math.Clamp(MaxBytes / Math.Max(bytes.Length, 1), 1, times)).SelectMany(copy => copy)];
    }

    private byte[] Token() => Tokens[random.Next(Tokens.Length)];

    private (int Start, int End) Range(int length)
    {
        var start = random.Next(length + 1);
        var most = random.Next(2) == 0 ? 16 : length;
        return (start, Math.Min(start + random.Next(most + 1), length));
    }

    private static byte[] Replace(byte[] input, int start, int end, byte[] with) => [.. input.AsSpan(0, start), .. with, .. input.AsSpan(end)];

    private static byte[] Replace(byte[] input, int at, byte[] with) => Replace(input, at, at, with);
}
