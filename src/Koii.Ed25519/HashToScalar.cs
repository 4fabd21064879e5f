using System.Buffers;
using System.Security.Cryptography;
using Koii.Ed25519.Curve;

namespace Koii.Ed25519;

/// <summary>Computes the scalar k of a signature: SHA-512(R ‖ A ‖ message) modulo L (RFC 8032 §5.1.7).</summary>
internal static class HashToScalar
{
    // Messages of up to 960 bytes need no heap memory. Copying costs less than an incremental hash, which is an object
    // with a native handle.
    private const int StackLimit = 1024;

    internal static Scalar Compute(ReadOnlySpan<byte> encodedR, ReadOnlySpan<byte> encodedA, ReadOnlySpan<byte> message)
    {
        var length = encodedR.Length + encodedA.Length + message.Length;
        var rented = length > StackLimit ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> buffer = rented is null ? stackalloc byte[StackLimit] : rented;
        encodedR.CopyTo(buffer);
        encodedA.CopyTo(buffer[encodedR.Length..]);
        message.CopyTo(buffer[(encodedR.Length + encodedA.Length)..]);
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        SHA512.HashData(buffer[..length], digest);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return Scalar.Reduce(digest);
    }
}
