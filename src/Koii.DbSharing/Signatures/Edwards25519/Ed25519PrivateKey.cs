using System.Security.Cryptography;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// Ed25519 signing (RFC 8032 §5.1.5 and §5.1.6). No branch and no memory index in it depends on the secret; what the just-in-time
/// compiler and the processor make of that is theirs to say.
/// </summary>
internal sealed class Ed25519PrivateKey : IDisposable
{
    internal const int SeedSize = 32;
    internal const int SignatureSize = 64;

    // The secret scalar and the prefix of the nonce hash, in memory that the garbage collector does not copy.
    private readonly byte[] _secret = GC.AllocateArray<byte>(SHA512.HashSizeInBytes, pinned: true);
    private readonly byte[] _publicKey = new byte[PointEncoding.Size];
    private bool _disposed;

    internal Ed25519PrivateKey(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
            throw new ArgumentException($"A seed has {SeedSize} bytes, not {seed.Length}.", nameof(seed));

        SHA512.HashData(seed, _secret);
        var scalar = _secret.AsSpan(0, Scalar.Size);
        scalar[0] &= 0xF8;
        scalar[^1] &= 0x7F;
        scalar[^1] |= 0x40;

        // B has the order L, so only the scalar modulo L matters from here on.
        var a = Scalar.Reduce(scalar);
        a.WriteTo(scalar);
        PointEncoding.Write(BasePointMultiplication.Multiply(a), _publicKey);
    }

    internal ReadOnlySpan<byte> PublicKey => _publicKey;

    internal void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        var nonce = HashToScalar.Compute(_secret.AsSpan(Scalar.Size), message);
        var a = Scalar.Reduce(_secret.AsSpan(0, Scalar.Size));

        // Asked after both were read: with a scalar of zeros S is the nonce, and that and a good signature of the same message give the key away.
        Interlocked.MemoryBarrier();
        ObjectDisposedException.ThrowIf(_disposed, this);

        Span<byte> commitmentAndKey = stackalloc byte[2 * PointEncoding.Size];
        PointEncoding.Write(BasePointMultiplication.Multiply(nonce), commitmentAndKey);
        _publicKey.CopyTo(commitmentAndKey[PointEncoding.Size..]);
        var challenge = HashToScalar.Compute(commitmentAndKey, message);

        commitmentAndKey[..PointEncoding.Size].CopyTo(signature);
        Scalar.MultiplyAdd(challenge, a, nonce).WriteTo(signature[PointEncoding.Size..]);
    }

    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        CryptographicOperations.ZeroMemory(_secret);
    }
}
