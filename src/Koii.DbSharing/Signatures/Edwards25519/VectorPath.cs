namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>How wide the arithmetic is. Every path gives the same verdicts; only its time differs.</summary>
internal enum VectorPath
{
    /// <summary>Integers of 64 bits, one at a time.</summary>
    Scalar,

    /// <summary>Four field elements side by side.</summary>
    Vector256,

    /// <summary>Eight field elements side by side.</summary>
    Vector512,
}
