using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Koii.DbSharing.Storage;

/// <summary>The checksum that a store keeps of a record without its data, which the id protects.</summary>
/// <remarks>For authors of stores. It detects damage on a disk, and no intentional change. Safe for use by many threads.</remarks>
public static class LinktreeChecksum
{
    private const int FixedLength = PublicKey.Size + LinktreeId.Size + LinktreeSignature.Size + sizeof(long) + 1;

    /// <summary>128 UTF-16 units (protocol §1) of at most 3 bytes each.</summary>
    private const int MaxUuidLength = 3 * 128;

    /// <summary>
    /// Computes the XxHash3 of author, id, signature, timestamp (8 bytes, little-endian), tombstone (1 byte) and uuid (UTF-8).
    /// </summary>
    /// <param name="linktree">The record.</param>
    /// <returns>The checksum, which is the same on all machines.</returns>
    public static long Compute(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        Span<byte> bytes = stackalloc byte[FixedLength + MaxUuidLength];
        linktree.Author.AsSpan().CopyTo(bytes);
        linktree.Id.AsSpan().CopyTo(bytes[PublicKey.Size..]);
        linktree.Signature.AsSpan().CopyTo(bytes[(PublicKey.Size + LinktreeId.Size)..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[(FixedLength - 1 - sizeof(long))..], linktree.Timestamp);
        bytes[FixedLength - 1] = linktree.IsTombstone ? (byte)1 : (byte)0;
        var uuidLength = Encoding.UTF8.GetBytes(linktree.Uuid, bytes[FixedLength..]);
        return unchecked((long)XxHash3.HashToUInt64(bytes[..(FixedLength + uuidLength)]));
    }
}
