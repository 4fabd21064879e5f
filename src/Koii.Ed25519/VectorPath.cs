namespace Koii.Ed25519;

/// <summary>
/// The instructions that the arithmetic uses. Results are the same on every path; only the time differs.
/// </summary>
internal enum VectorPath
{
    /// <summary>Integers of 64 bits, one field element at a time.</summary>
    Scalar,

    /// <summary>Vectors of 256 bits, four field elements at a time.</summary>
    Vector256,
}
