namespace Koii.Ed25519.Tests;

/// <summary>The results of the library on a path that the test chooses.</summary>
internal static class SignaturesOnPaths
{
    internal static bool IsValidOn(this SignatureCase signature, VectorPath path) =>
        SignatureEquation.Verify(path, signature.Key, signature.Message, signature.Signature);

    /// <summary>Verifies signatures in one batch, which has no key cache.</summary>
    internal static bool[] AreValidOn(this SignatureCase[] signatures, VectorPath path)
    {
        if (signatures.Length == 0)
            return [];

        // Elements that were true and elements that were false must all be set.
        var valid = new bool[signatures.Length];
        for (var i = 0; i < valid.Length; i += 2)
            valid[i] = true;

        using var batch = new Ed25519BatchVerifier(signatures.Length, keys: null, path);
        foreach (var signature in signatures)
            batch.Add(signature.Key, signature.Message, signature.Signature);
        batch.Verify(valid);
        return valid;
    }
}
