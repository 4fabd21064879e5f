using Koii.DbSharing.TestSupport;
using Koii.Ed25519.Tests;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>Records of honest authors, and BouncyCastle's result for any signature.</summary>
internal static class SignedLinktrees
{
    /// <summary>A random record, signed by a random author.</summary>
    public static SignedLinktree Create(Random random)
    {
        using var author = LinktreeSigner.FromSeed(Bytes(random, 32));
        var name = Convert.ToHexString(Bytes(random, random.Next(200)));
        return author.Sign(Samples.DataJson($"uuid-{random.Next()}", random.NextInt64(1L << 53), name));
    }

    public static SignatureCase ToCase(this SignedLinktree linktree) =>
        new(linktree.Author.AsSpan().ToArray(), linktree.Data.ToArray(), linktree.Signature.AsSpan().ToArray());

    /// <summary>The same record with one bit of its signature changed.</summary>
    public static SignedLinktree WithFlippedSignatureBit(this SignedLinktree linktree, int bit)
    {
        var flipped = new LinktreeSignature(linktree.ToCase().WithFlippedSignatureBit(bit).Signature);
        return SignedLinktree.TryCreate(linktree.Author, flipped, linktree.Data.Span, out var forged, out var reason)
            ? forged
            : throw new InvalidOperationException($"{reason}");
    }

    public static bool IsValidByBouncyCastle(this SignatureCase signature) =>
        BouncyCastleSignatureVerifier.Verify(signature.Key, signature.Message, signature.Signature);

    public static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
