using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Signatures;

/// <summary>
/// Ed25519 by the one rule of protocol §2, on raw bytes. The rule is RFC 8032 §5.1.7 with the cofactor, and leaves nothing open
/// that the RFC leaves to the implementer, so that no two nodes disagree.
/// </summary>
public static class Ed25519
{
    /// <summary>
    /// Checks a signature: S is below the group order L; R and the key A are canonical encodings of points of the curve, and A is
    /// not of small order; and [8][S]B = [8]R + [8][k]A, where k is SHA-512(R ‖ A ‖ message) modulo L.
    /// </summary>
    /// <param name="key">The key A.</param>
    /// <param name="message">The signed bytes, of any length.</param>
    /// <param name="signature">R, then S.</param>
    /// <returns>Whether the signature fits. No input makes this method throw.</returns>
    /// <remarks>It is safe for use by many threads and allocates nothing. Its time depends on its arguments, none of which is a secret.</remarks>
    public static bool Verify(PublicKey key, ReadOnlySpan<byte> message, LinktreeSignature signature) =>
        VerifyOn(VectorPaths.Best, key, message, signature);

    /// <summary>
    /// Judges what the rule demands before its equation, clauses 1 and 2 of protocol §2: S is below L; R and the key A are canonical encodings of
    /// points of the curve, and A is not of small order. A verifier on another library asks this first, since libraries differ in it.
    /// </summary>
    /// <param name="key">The key A.</param>
    /// <param name="signature">R, then S.</param>
    /// <returns>Whether the two clauses hold; the equation may still fail. No input makes this method throw.</returns>
    /// <remarks><inheritdoc cref="Verify" path="/remarks"/></remarks>
    public static bool IsWellFormed(PublicKey key, LinktreeSignature signature) =>
        SignatureEquation.TryRead<FieldElement>(key, message: [], signature, keys: null, out _); // The message is a matter of clause 3.

    /// <summary>The same as <see cref="Verify"/>, on a path of the caller's choice.</summary>
    internal static bool VerifyOn(VectorPath path, in PublicKey key, ReadOnlySpan<byte> message, in LinktreeSignature signature) =>
        SignatureEquation.Verify(path, key, message, signature);
}
