using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519.Curve;

/// <summary>
/// The constants of edwards25519, −x² + y² = 1 + d·x²·y² (RFC 8032 §5.1), each computed from its definition.
/// </summary>
internal static class EdwardsCurve
{
    /// <summary>d = −121665/121666.</summary>
    internal static readonly FieldElement D = -(FieldElement.FromInt32(121665) * FieldElement.FromInt32(121666).Invert());

    /// <summary>2d, which additions use. The product makes it tight.</summary>
    internal static readonly FieldElement TwiceD = FieldElement.FromInt32(2) * D;

    /// <summary>A square root of −1: 2^((p−1)/4), by (p−1)/4 = 2·(p−5)/8 + 1.</summary>
    internal static readonly FieldElement SqrtOfMinusOne = Powers<FieldElement>.PowerOfPMinus5Over8(FieldElement.FromInt32(2)).Square() * FieldElement.FromInt32(2);
}
