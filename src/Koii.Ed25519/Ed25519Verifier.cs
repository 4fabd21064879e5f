namespace Koii.Ed25519;

/// <summary>
/// Verifies single Ed25519 signatures (RFC 8032 §5.1.7, with the cofactor). The rule leaves open nothing that the RFC
/// leaves to the implementer, so that all users of it agree on every input.
/// </summary>
/// <remarks>
/// <para>A signature (R, S) of a message under the key A is valid when</para>
/// <list type="number">
/// <item><description>S is less than the group order L,</description></item>
/// <item><description>R and A are canonical encodings of points of the curve, and A is not a point of small
/// order,</description></item>
/// <item><description>[8][S]B = [8]R + [8][k]A, where k is SHA-512(R ‖ A ‖ message) modulo L.</description></item>
/// </list>
/// <para>The need for one exact rule is explained by Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs",
/// 2020.</para>
/// <para>The methods are safe for use by multiple threads and allocate nothing. Their time depends on their arguments,
/// none of which is secret.</para>
/// </remarks>
public static class Ed25519Verifier
{
    /// <summary>The length of a public key, 32 bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>The length of a signature, 64 bytes: R, then S.</summary>
    public const int SignatureSize = 64;

    /// <summary>Verifies a signature.</summary>
    /// <param name="publicKey">The key A.</param>
    /// <param name="message">The signed bytes, of any length.</param>
    /// <param name="signature">R, then S.</param>
    /// <returns><see langword="true"/> if the signature is valid. A key or signature of a wrong length is not; no input
    /// causes an exception.</returns>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        SignatureEquation.Verify(VectorPaths.Best, publicKey, message, signature);

    /// <summary>
    /// Checks conditions 1 and 2 alone, without the message: S is less than L, R and A are canonical, and A is not of
    /// small order. Libraries differ in these conditions; a verifier that uses another library for the equation calls
    /// this method first.
    /// </summary>
    /// <param name="publicKey">The key A.</param>
    /// <param name="signature">R, then S.</param>
    /// <returns><see langword="true"/> if both conditions hold; condition 3 may still fail. No input causes an
    /// exception.</returns>
    public static bool IsWellFormed(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> signature) =>
        SignatureEquation.IsWellFormed(VectorPaths.Best, publicKey, signature);
}
