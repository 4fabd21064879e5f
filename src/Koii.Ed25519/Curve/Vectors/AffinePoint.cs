using System.Runtime.CompilerServices;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// The memory form of a point with Z = 1 for additions: (y+x)/2, (y−x)/2 and d·x·y, as words of one type of field
/// vector.
/// </summary>
internal static class AffinePoint
{
    /// <summary>The words of one point.</summary>
    internal const int Words = 3 * IFieldVector<FieldElement>.WordsPerElement;

    private const int PerElement = IFieldVector<FieldElement>.WordsPerElement;

    private static readonly FieldElement Half = FieldElement.FromInt32(2).Invert();

    /// <summary>Writes points side by side to their indices.</summary>
    internal static void Write<TField>(in TField x, in TField y, ReadOnlySpan<int> indices, Span<ulong> points)
        where TField : struct, IFieldVector<TField>
    {
        Span<ulong> words = stackalloc ulong[TField.Lanes * Words];
        var half = TField.Broadcast(Half);
        ((y + x) * half).WriteWords(words, Words);
        ((y - x) * half).WriteWords(words[PerElement..], Words);
        (x * y * TField.Broadcast(EdwardsCurve.D)).WriteWords(words[(2 * PerElement)..], Words);
        for (var lane = 0; lane < indices.Length; lane++)
            words.Slice(lane * Words, Words).CopyTo(At(points, indices[lane]));
    }

    /// <summary>The words of a point whose Z is 1.</summary>
    internal static ulong[] ToWords<TField>(in ExtendedPoint point)
        where TField : struct, IFieldVector<TField>
    {
        var words = new ulong[Words];
        Write(TField.Broadcast(point.X), TField.Broadcast(point.Y), [0], words);
        return words;
    }

    /// <summary>The words of one point of a list.</summary>
    internal static Span<ulong> At(Span<ulong> points, int index) => points.Slice(index * Words, Words);

    /// <summary>Loads one point of a list into all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Broadcast<TField>(ReadOnlySpan<ulong> points, int index, out TField yPlusX, out TField yMinusX, out TField dxy)
        where TField : struct, IFieldVector<TField>
    {
        var words = points.Slice(index * Words, Words);
        yPlusX = TField.BroadcastWords(in words[0]);
        yMinusX = TField.BroadcastWords(in words[PerElement]);
        dxy = TField.BroadcastWords(in words[2 * PerElement]);
    }

    /// <summary>The point in extended coordinates.</summary>
    internal static ExtendedPoint Read<TField>(ReadOnlySpan<ulong> words)
        where TField : struct, IFieldVector<TField>
    {
        var halfSum = TField.BroadcastWords(in words[0]).ToLane(0);
        var halfDifference = TField.BroadcastWords(in words[PerElement]).ToLane(0);
        var x = halfSum - halfDifference;
        var y = halfSum + halfDifference;
        return new ExtendedPoint(x * FieldElement.One, y * FieldElement.One, FieldElement.One, x * y);
    }
}
