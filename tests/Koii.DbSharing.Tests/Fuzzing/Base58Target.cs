using System.Text;
using Koii.DbSharing.Records;
using Koii.DbSharing.Tests.Records;
using SimpleBase;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Keys and signatures in base58, compared with SimpleBase: both decode the same texts to the same bytes, which are
/// encoded as the same text.
/// </summary>
internal sealed class Base58Target : FuzzTarget<(byte[]? Key, byte[]? Signature)>
{
    public override IEnumerable<byte[]> Seeds => LinktreeVector.All
        .SelectMany(vector => new[] { vector.PublicKey, vector.Signature, vector.PublicKey + vector.Signature })
        .Concat(["", "1", "z", new string('1', 32), new string('1', 64), new string('z', 44), new string('z', 88), "1111" + new string('z', 40)])
        .Select(FuzzSeeds.Utf8);

    protected override ValueTask<(byte[]?, byte[]?)> ReadAsync(byte[] input) => new((Decode(input, 32), Decode(input, 64)));

    protected override int Check(byte[] input, (byte[]? Key, byte[]? Signature) reading)
    {
        var text = Encoding.Latin1.GetString(input);
        var expected = Reference(text);
        Assert.That(reading.Key, Is.EqualTo(expected?.Length == 32 ? expected : null));
        Assert.That(reading.Signature, Is.EqualTo(expected?.Length == 64 ? expected : null));
        if (reading.Key is { } key)
            AssertRoundTrip(text, key, PublicKey.TryParse(text, out var parsed) ? parsed.ToString() : null);
        if (reading.Signature is { } signature)
            AssertRoundTrip(text, signature, LinktreeSignature.TryParse(input, out var parsed) ? parsed.ToString() : null);
        return HashCode.Combine(reading.Key is null, reading.Signature is null, expected?.Length, text.TakeWhile(symbol => symbol == '1').Count());
    }

    private static void AssertRoundTrip(string text, byte[] bytes, string? written)
    {
        Assert.That(Base58Text.Encode(bytes), Is.EqualTo(text));
        Assert.That(written, Is.EqualTo(text));
    }

    private static byte[]? Decode(byte[] text, int size)
    {
        var bytes = new byte[size];
        return Base58Text.TryDecode(text, bytes) ? bytes : null;
    }

    private static byte[]? Reference(string text)
    {
        try
        {
            // Longer texts are invalid for both and slow in SimpleBase; for characters from U+007F on it throws
            // IndexOutOfRangeException.
            return text.Length is > 0 and <= 100 && !text.AsSpan().ContainsAnyExceptInRange('\0', '~') ? Base58.Bitcoin.Decode(text) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
