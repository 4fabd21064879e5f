namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Integers modulo p, one or several side by side. The formulas of the curve are written in terms of it, once for every
/// width.
/// </summary>
/// <remarks>
/// <para> Bounds are counted in <i>tight</i> elements; products are tight. A sum or difference counts what its two
/// terms count together, a negation what its operand counts. The counts of two factors multiply to 3 at most; only a
/// tight element is squared; a subtrahend is tight. Each type asserts the resulting bounds of its limbs in debug
/// builds. </para>
/// <para>Words are the memory form of an element, <see cref="WordsPerElement"/> of 64 bits each; their meaning is
/// private to the type.</para>
/// </remarks>
internal interface IFieldVector<TSelf>
    where TSelf : struct, IFieldVector<TSelf>
{
    const int WordsPerElement = 5;

    /// <summary>The number of elements side by side.</summary>
    static abstract int Lanes { get; }

    static abstract TSelf operator +(in TSelf a, in TSelf b);

    static abstract TSelf operator -(in TSelf a, in TSelf b);

    static abstract TSelf operator *(in TSelf a, in TSelf b);

    TSelf Square();

    /// <summary>Squares <paramref name="times"/> times, at least once.</summary>
    TSelf SquareRepeatedly(int times);

    /// <summary>The same value, tight. The operand counts 4 at most.</summary>
    TSelf Tighten();

    /// <summary>The same element in all lanes, tight.</summary>
    static abstract TSelf Broadcast(in FieldElement element);

    /// <summary>An element for each lane, tight.</summary>
    static abstract TSelf FromLanes(ReadOnlySpan<FieldElement> elements);

    /// <summary>The element of one lane, tight.</summary>
    FieldElement ToLane(int lane);

    /// <summary>Writes the element of each lane as words, <paramref name="stride"/> words apart.</summary>
    void WriteWords(Span<ulong> words, int stride);

    /// <summary>Reads an element that <see cref="WriteWords"/> wrote, into all lanes.</summary>
    static abstract TSelf BroadcastWords(ref readonly ulong words);

    /// <summary>
    /// Negates points for an addition, in lanes whose number is negative: swaps y+x with y−x and negates x·y.
    /// </summary>
    static abstract void NegateWhereNegative(ReadOnlySpan<int> numbers, ref TSelf yPlusX, ref TSelf yMinusX, ref TSelf xy);

    /// <summary>Loads a point for each lane, from words at the offset of the lane.</summary>
    static abstract PointVector<TSelf> LoadPoints(ref readonly ulong words, ReadOnlySpan<int> offsets);

    /// <summary>The inverse of <see cref="LoadPoints"/>. No two offsets are equal.</summary>
    static abstract void StorePoints(in PointVector<TSelf> points, ref ulong words, ReadOnlySpan<int> offsets);
}
