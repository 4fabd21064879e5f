using Koii.DbSharing.Signatures;
using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>The library's verdicts on a path of the test's choice.</summary>
internal static class SignaturesOnPaths
{
    internal static bool IsValidOn(this SignatureCase signature, VectorPath path) =>
        Ed25519.VerifyOn(path, new PublicKey(signature.Key), signature.Message, new LinktreeSignature(signature.Signature));

    /// <summary>Judges signatures in one batch.</summary>
    internal static bool[] AreValidOn(this SignatureCase[] signatures, VectorPath path)
    {
        // Both what was true and what was false before must be set.
        var valid = new bool[signatures.Length];
        for (var i = 0; i < valid.Length; i += 2)
            valid[i] = true;

        using var batch = new SignatureBatch(signatures.Length, path);
        foreach (var signature in signatures)
            batch.Add(new PublicKey(signature.Key), signature.Message, new LinktreeSignature(signature.Signature));
        batch.Verify(valid);
        return valid;
    }
}
