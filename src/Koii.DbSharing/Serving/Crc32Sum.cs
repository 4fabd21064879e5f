using System.IO.Hashing;

namespace Koii.DbSharing.Serving;

/// <summary>The CRC-32 of a text (RFC 1952 §8), computed from the checksums of its parts.</summary>
/// <param name="Value">The checksum.</param>
/// <param name="Length">The length of the text in bytes.</param>
/// <remarks>
/// A checksum is the remainder of a polynomial over GF(2) modulo the polynomial of CRC-32. Appending a text multiplies the
/// checksum before it by x to the power of the number of appended bits.
/// </remarks>
internal readonly record struct Crc32Sum(uint Value, long Length)
{
    /// <summary>The polynomial without its highest term; the highest bit is the coefficient of x⁰.</summary>
    private const uint Polynomial = 0xEDB88320;

    private const uint One = 1u << 31;

    /// <summary>Entry i is x to the power of 2ⁱ.</summary>
    private static readonly uint[] Squares = ComputeSquares();

    public static Crc32Sum Of(ReadOnlySpan<byte> text) => new(Crc32.HashToUInt32(text), text.Length);

    /// <summary>Computes the checksum of this text followed by another one.</summary>
    public Crc32Sum Append(Crc32Sum next) => new(Multiply(PowerOfX(8 * next.Length), Value) ^ next.Value, Length + next.Length);

    private static uint PowerOfX(long exponent)
    {
        var power = One;
        for (var i = 0; exponent != 0; exponent >>= 1, i++)
        {
            // The multiplicative order of x is 2³²−1, so the squares repeat.
            if ((exponent & 1) != 0)
                power = Multiply(Squares[i % Squares.Length], power);
        }

        return power;
    }

    private static uint Multiply(uint left, uint right)
    {
        var product = 0u;
        for (var bit = One; bit != 0; bit >>= 1)
        {
            if ((left & bit) != 0)
                product ^= right;
            right = (right >> 1) ^ ((right & 1) != 0 ? Polynomial : 0);
        }

        return product;
    }

    private static uint[] ComputeSquares()
    {
        var squares = new uint[32];
        squares[0] = One >> 1;
        for (var i = 1; i < squares.Length; i++)
            squares[i] = Multiply(squares[i - 1], squares[i - 1]);
        return squares;
    }
}
