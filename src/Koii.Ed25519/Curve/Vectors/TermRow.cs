namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// Terms of a sum of multiples: points in the form of <see cref="AffinePoint"/>, one after the other, and a scalar for
/// each.
/// </summary>
internal readonly ref struct TermRow(ReadOnlySpan<ulong> points, ReadOnlySpan<Scalar> scalars)
{
    internal readonly ReadOnlySpan<ulong> Points = points;
    internal readonly ReadOnlySpan<Scalar> Scalars = scalars;

    internal int Count => Scalars.Length;
}
