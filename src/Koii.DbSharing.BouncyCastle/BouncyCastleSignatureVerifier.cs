using Koii.DbSharing.Signatures;
using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.DbSharing;

/// <summary>
/// A verifier on BouncyCastle. Clauses 1 and 2 of protocol §2 are judged by <see cref="Ed25519.IsWellFormed"/>, so that encodings are taken and refused
/// as by <see cref="Ed25519SignatureVerifier"/>; the equation of clause 3 is BouncyCastle's.
/// </summary>
/// <remarks>
/// <para>BouncyCastle.Cryptography 2.7.0 checks that equation with its cofactor, which gives the verdicts of the protocol. A BouncyCastle without the
/// cofactor, as Portable.BouncyCastle 1.8.10 is, refuses signatures that are right only up to torsion. Nobody but the owner of a key can make one, yet the
/// nodes of a task would no longer agree on it: all of them should use one verifier.</para>
/// <para>Signatures are checked one by one. The verifier keeps no state and is safe for use by many threads.</para>
/// </remarks>
public sealed class BouncyCastleSignatureVerifier : ISignatureVerifier
{
    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        return Verify(linktree.Author, linktree.Data.Span, linktree.Signature);
    }

    /// <summary>The same on any message, which published vectors need: theirs are no records.</summary>
    internal static bool Verify(PublicKey key, ReadOnlySpan<byte> message, LinktreeSignature signature) =>
        Ed25519.IsWellFormed(key, signature) && EquationHolds(key, message, signature);

    private static bool EquationHolds(PublicKey key, ReadOnlySpan<byte> message, LinktreeSignature signature)
    {
        // Arrays are what every version of BouncyCastle takes. To copy a record costs nothing beside checking it.
        var (data, publicKey, rAndS) = (message.ToArray(), key.AsSpan().ToArray(), signature.AsSpan().ToArray());
        return BouncyCastleEd25519.Verify(rAndS, 0, publicKey, 0, data, 0, data.Length);
    }
}
