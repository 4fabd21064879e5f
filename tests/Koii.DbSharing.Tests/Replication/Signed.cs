namespace Koii.DbSharing.Tests.Replication;

/// <summary>Variants of a record that differ in the signature only.</summary>
internal static class Signed
{
    /// <summary>The same data under a signature that the fake verifier refuses.</summary>
    public static SignedLinktree Forged(this SignedLinktree linktree, byte variant = 0) => linktree.With(0, variant);

    /// <summary>The same data under another good signature.</summary>
    public static SignedLinktree Resigned(this SignedLinktree linktree, byte variant) => linktree.With(1, variant);

    private static SignedLinktree With(this SignedLinktree linktree, byte first, byte second)
    {
        var signature = new byte[LinktreeSignature.Size];
        (signature[0], signature[1]) = (first, second);
        return SignedLinktree.TryCreate(linktree.Author, new LinktreeSignature(signature), linktree.Data.Span, out var copy, out var reason)
            ? copy
            : throw new ArgumentException($"Not a record: {reason}.");
    }
}
