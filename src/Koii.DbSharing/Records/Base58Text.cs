using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Koii.DbSharing.Records;

/// <summary>
/// Encodes and decodes base58 of a known length, a multiple of eight bytes up to 64: Bitcoin alphabet, no checksum, a
/// leading <c>1</c> is a zero byte (protocol §1).
/// </summary>
/// <remarks>
/// Each record that arrives contains two such texts, so ten digits are processed at a time instead of one.
/// </remarks>
internal static class Base58Text
{
    /// <summary>The maximum length of a text: that of 64 bytes.</summary>
    internal const int MaxLength = 88;

    private const int Base = 58;
    private const int DigitsPerChunk = 10;     // 58^10 < 2^64
    private const int DigitsPerDivision = 5;   // 58^5 < 2^32
    private const uint Division = 656_356_768; // 58^5

    private const byte InvalidDigit = byte.MaxValue;

    private static readonly byte[] DigitValues = InvertAlphabet();

    private static ReadOnlySpan<byte> Alphabet => "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"u8;

    /// <summary>
    /// Decodes a text whose value has exactly the length of <paramref name="destination"/>; any other text returns
    /// <see langword="false"/>.
    /// </summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        Span<byte> ascii = stackalloc byte[MaxLength];
        return text.Length <= MaxLength
            && Ascii.FromUtf16(text, ascii, out var length) is OperationStatus.Done
            && TryDecode(ascii[..length], destination);
    }

    /// <inheritdoc cref="TryDecode(ReadOnlySpan{char}, Span{byte})"/>
    internal static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        Debug.Assert(destination.Length % sizeof(ulong) == 0 && destination.Length <= 64);
        if (text.Length < destination.Length || text.Length > MaxLength)
            return false;

        var zeros = CountLeading(text, Alphabet[0]);
        Span<ulong> limbs = stackalloc ulong[destination.Length / sizeof(ulong)];
        limbs.Clear();
        for (var at = 0; at < text.Length; at += DigitsPerChunk)
        {
            if (!TryAppend(limbs, text[at..Math.Min(at + DigitsPerChunk, text.Length)]))
                return false;
        }

        for (var limb = 0; limb < limbs.Length; limb++)
            BinaryPrimitives.WriteUInt64BigEndian(destination[^((limb + 1) * sizeof(ulong))..], limbs[limb]);

        // A different number of zeros means that the text encodes another length.
        return CountLeading(destination, 0) == zeros;
    }

    /// <summary>Encodes a value as ASCII bytes.</summary>
    /// <param name="bytes">The value.</param>
    /// <param name="text">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>The length of the text.</returns>
    internal static int Encode(ReadOnlySpan<byte> bytes, Span<byte> text)
    {
        Debug.Assert(bytes.Length % sizeof(ulong) == 0 && bytes.Length <= 64);
        Span<uint> limbs = stackalloc uint[bytes.Length / sizeof(uint)];
        for (var limb = 0; limb < limbs.Length; limb++)
            limbs[limb] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(limb * sizeof(uint))..]);

        Span<byte> digits = stackalloc byte[MaxLength + DigitsPerDivision];
        var first = digits.Length;
        for (limbs = limbs.TrimStart(0u); !limbs.IsEmpty; limbs = limbs.TrimStart(0u))
        {
            var remainder = Divide(limbs);
            for (var digit = 0; digit < DigitsPerDivision; digit++)
            {
                digits[--first] = Alphabet[(int)(remainder % Base)];
                remainder /= Base;
            }
        }

        var significant = digits[first..].TrimStart(Alphabet[0]);
        var zeros = CountLeading(bytes, 0);
        text[..zeros].Fill(Alphabet[0]);
        significant.CopyTo(text[zeros..]);
        return zeros + significant.Length;
    }

    internal static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..Encode(bytes, text)]);
    }

    /// <summary>Encodes a value as ASCII bytes, if the buffer is long enough.</summary>
    internal static bool TryEncode(ReadOnlySpan<byte> bytes, Span<byte> destination, out int length)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        length = Encode(bytes, text);
        if (text[..length].TryCopyTo(destination))
            return true;
        length = 0;
        return false;
    }

    /// <summary>Encodes a value as characters, if the buffer is long enough.</summary>
    internal static bool TryEncode(ReadOnlySpan<byte> bytes, Span<char> destination, out int length)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        if (Ascii.ToUtf16(text[..Encode(bytes, text)], destination, out length) is OperationStatus.Done)
            return true;
        length = 0;
        return false;
    }

    /// <summary>
    /// Appends digits to the number. Returns <see langword="false"/> if one of them is invalid or the number exceeds
    /// its limbs.
    /// </summary>
    private static bool TryAppend(Span<ulong> limbs, ReadOnlySpan<byte> digits)
    {
        var factor = 1UL;
        var carry = 0UL;
        foreach (var symbol in digits)
        {
            var value = DigitValues[symbol];
            if (value == InvalidDigit)
                return false;
            factor *= Base;
            carry = (carry * Base) + value;
        }

        foreach (ref var limb in limbs)
        {
            var high = Math.BigMul(limb, factor, out var low);
            limb = low + carry;
            carry = high + (limb < low ? 1UL : 0UL);
        }

        return carry == 0;
    }

    private static uint Divide(Span<uint> limbs)
    {
        var remainder = 0UL;
        foreach (ref var limb in limbs)
        {
            var dividend = (remainder << 32) | limb;
            limb = (uint)(dividend / Division);
            remainder = dividend % Division;
        }

        return (uint)remainder;
    }

    private static int CountLeading(ReadOnlySpan<byte> bytes, byte value)
    {
        var count = bytes.IndexOfAnyExcept(value);
        return count < 0 ? bytes.Length : count;
    }

    private static byte[] InvertAlphabet()
    {
        var values = new byte[256];
        values.AsSpan().Fill(InvalidDigit);
        for (var value = 0; value < Alphabet.Length; value++)
            values[Alphabet[value]] = (byte)value;
        return values;
    }
}
