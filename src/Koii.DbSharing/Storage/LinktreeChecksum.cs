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

    private const int UsualUuidLength = 64;

    /// <summary>
    /// Computes the XxHash3 of author, id, signature, timestamp (8 bytes, little-endian), tombstone (1 byte) and uuid (UTF-8).
    /// </summary>
    /// <param name="linktree">The record.</param>
    /// <returns>The checksum, which is the same on all machines.</returns>
    public static long Compute(SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(linktree);
        Span<byte> uuid = stackalloc byte[MaxUuidLength];
        uuid = uuid[..Encoding.UTF8.GetBytes(linktree.Uuid, uuid)];
        return Compute(linktree.Author.AsSpan(), uuid, linktree.Timestamp, linktree.Id.AsSpan(), linktree.IsTombstone, linktree.Signature.AsSpan());
    }

    /// <summary>Compares a checksum with the columns that a store has read. It allocates nothing.</summary>
    /// <param name="checksum">The checksum that was computed when the record was stored.</param>
    /// <param name="author">The bytes of the author.</param>
    /// <param name="uuid">The uuid in UTF-8.</param>
    /// <param name="timestamp">The timestamp.</param>
    /// <param name="id">The bytes of the id.</param>
    /// <param name="isTombstone">Whether the record is a tombstone.</param>
    /// <param name="signature">The bytes of the signature.</param>
    /// <returns><see langword="false"/> if a column has changed, whatever its content and its length are.</returns>
    public static bool Matches(
        long checksum,
        ReadOnlySpan<byte> author,
        ReadOnlySpan<byte> uuid,
        long timestamp,
        ReadOnlySpan<byte> id,
        bool isTombstone,
        ReadOnlySpan<byte> signature) =>
        author.Length == PublicKey.Size && id.Length == LinktreeId.Size && signature.Length == LinktreeSignature.Size && uuid.Length <= MaxUuidLength
        && Compute(author, uuid, timestamp, id, isTombstone, signature) == checksum;

    private static long Compute(
        ReadOnlySpan<byte> author,
        ReadOnlySpan<byte> uuid,
        long timestamp,
        ReadOnlySpan<byte> id,
        bool isTombstone,
        ReadOnlySpan<byte> signature)
    {
        // Uuids are nearly always short, and the stack is cleared first.
        Span<byte> bytes = uuid.Length <= UsualUuidLength ? stackalloc byte[FixedLength + UsualUuidLength] : stackalloc byte[FixedLength + MaxUuidLength];
        author.CopyTo(bytes);
        id.CopyTo(bytes[PublicKey.Size..]);
        signature.CopyTo(bytes[(PublicKey.Size + LinktreeId.Size)..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[(FixedLength - 1 - sizeof(long))..], timestamp);
        bytes[FixedLength - 1] = isTombstone ? (byte)1 : (byte)0;
        uuid.CopyTo(bytes[FixedLength..]);
        return unchecked((long)XxHash3.HashToUInt64(bytes[..(FixedLength + uuid.Length)]));
    }
}
