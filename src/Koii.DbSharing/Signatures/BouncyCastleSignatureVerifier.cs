using Koii.Ed25519;
using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.DbSharing;

/// <summary>
/// A verifier on BouncyCastle.Cryptography, for applications that must use a library of others for curve arithmetic.
/// <see cref="Ed25519Verifier.IsWellFormed"/> checks conditions 1 and 2 of protocol §2, so encodings are accepted and
/// rejected as by <see cref="Ed25519SignatureVerifier"/>; BouncyCastle checks the equation of condition 3.
/// </summary>
/// <remarks>
/// <para>BouncyCastle.Cryptography 2.7.0 checks that equation with the cofactor, as the protocol does, so both
/// verifiers give the same results. A version without the cofactor would reject signatures that are correct only up to
/// a point of small order. Nobody but the owner of a key can make one, but nodes with different verifiers would then
/// hold different sets: use the same verifier, and the same version of it, on every node of a task.</para>
/// <para>Signatures are verified one by one on the calling thread, which takes about twelve times as long as the
/// library's batches. The verifier has no state and is safe for use by multiple threads.</para>
/// </remarks>
public sealed class BouncyCastleSignatureVerifier : ISignatureVerifier
{
    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        return Verify(linktree.Author.AsSpan(), linktree.Data.Span, linktree.Signature.AsSpan());
    }

    /// <summary>Verifies a signature of any message: those of published test vectors are not records.</summary>
    internal static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Ed25519Verifier.IsWellFormed(publicKey, signature) && BouncyCastleEd25519.Verify(signature, publicKey, message);
}
