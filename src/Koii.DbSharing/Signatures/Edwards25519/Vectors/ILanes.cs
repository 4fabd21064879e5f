namespace Koii.DbSharing.Signatures.Edwards25519.Vectors;

/// <summary>
/// A vector of numbers of 64 bits. Each is used as a double or, by the operations named after bits, as an unsigned integer modulo 2^64: what multiplies fast in vectors
/// are doubles, and what carries are integers.
/// </summary>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>How many numbers stand side by side.</summary>
    static abstract int Count { get; }

    static abstract TSelf Broadcast(double value);

    static abstract TSelf BroadcastBits(ulong value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>a·b + c, rounded once (IEEE 754 §5.4.1), to nearest.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>
    /// Adds the two halves of a·b = high + low to two sums of integers. The upper half is a·b rounded by the base that is added to it, to the unit of
    /// that base; the lower is what this leaves, and exact. Sums take the bits of both as they are, bases included.
    /// </summary>
    /// <remarks>
    /// One operation, though made of others: a product of elements has 25 of them, and the compiler of .NET 10 gives up inlining when it meets many
    /// more methods than that.
    /// </remarks>
    /// <param name="a">A factor.</param>
    /// <param name="b">A factor.</param>
    /// <param name="highBase">The base of upper halves.</param>
    /// <param name="bothBases">The sum of the bases of upper and lower halves.</param>
    /// <param name="lows">The sum that takes the lower half.</param>
    /// <param name="highs">The sum that takes the upper half.</param>
    static abstract void AddProduct(TSelf a, TSelf b, TSelf highBase, TSelf bothBases, ref TSelf lows, ref TSelf highs);

    static abstract TSelf AddBits(TSelf a, TSelf b);

    static abstract TSelf AndBits(TSelf a, TSelf b);

    static abstract TSelf OrBits(TSelf a, TSelf b);

    static abstract TSelf XorBits(TSelf a, TSelf b);

    static abstract TSelf ShiftLeftBits(TSelf a, int count);

    static abstract TSelf ShiftRightBits(TSelf a, int count);

    /// <summary>Where the mask has ones the bits of <paramref name="ones"/>, else those of <paramref name="zeros"/>.</summary>
    static abstract TSelf SelectBits(TSelf mask, TSelf ones, TSelf zeros);

    /// <summary>All ones where the number for a lane is negative, else zeros.</summary>
    static abstract TSelf MaskOfNegative(ref readonly int numbers);

    /// <summary>Loads <see cref="Count"/> neighbouring words.</summary>
    static abstract TSelf Load(ref readonly ulong words);

    /// <summary>Stores <see cref="Count"/> neighbouring words.</summary>
    static abstract void Store(TSelf value, ref ulong words);

    /// <summary>
    /// Loads four neighbouring words for each lane, from its own place: lane i of <paramref name="first"/> is the word at offset i, of
    /// <paramref name="second"/> the one behind it, and so on. A transposition of columns to rows.
    /// </summary>
    static abstract void LoadTransposed(
        ref readonly ulong words, ReadOnlySpan<int> offsets, out TSelf first, out TSelf second, out TSelf third, out TSelf fourth);

    /// <summary>The inverse of <see cref="LoadTransposed"/>. No two lanes may have the same place.</summary>
    static abstract void StoreTransposed(ref ulong words, ReadOnlySpan<int> offsets, TSelf first, TSelf second, TSelf third, TSelf fourth);
}
