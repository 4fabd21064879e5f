using System.Buffers;
using System.Security.Cryptography;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>SHA-512 of a prefix and a message, read as a scalar modulo L (RFC 8032 §5.1.6 and §5.1.7).</summary>
internal static class HashToScalar
{
    // An ordinary profile and its prefix fit the stack; what is longer goes through a rented array. Copying costs less than an
    // incremental hash, which is an object with a native handle.
    private const int StackLimit = 1024;

    internal static Scalar Compute(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> message)
    {
        var length = prefix.Length + message.Length;
        var rented = length > StackLimit ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> buffer = rented is null ? stackalloc byte[StackLimit] : rented;
        prefix.CopyTo(buffer);
        message.CopyTo(buffer[prefix.Length..]);
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        SHA512.HashData(buffer[..length], digest);
        var scalar = Scalar.Reduce(digest);

        // A signer's prefix and its digest are secrets.
        CryptographicOperations.ZeroMemory(digest);
        CryptographicOperations.ZeroMemory(buffer[..prefix.Length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return scalar;
    }
}
