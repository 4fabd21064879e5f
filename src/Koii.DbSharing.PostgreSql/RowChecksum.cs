using System.Buffers.Binary;
using System.IO.Hashing;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Computes the checksum of a row without its data, which the id covers.</summary>
internal static class RowChecksum
{
    private const int FixedSize = PublicKey.Size + LinktreeId.Size + LinktreeSignature.Size + sizeof(long) + 1;

    internal static long Compute(SignedLinktree linktree, ReadOnlySpan<byte> uuid)
    {
        Span<byte> bytes = stackalloc byte[FixedSize + UuidBytes.MaxSize];
        linktree.Author.AsSpan().CopyTo(bytes);
        linktree.Id.AsSpan().CopyTo(bytes[PublicKey.Size..]);
        linktree.Signature.AsSpan().CopyTo(bytes[(PublicKey.Size + LinktreeId.Size)..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[(FixedSize - 1 - sizeof(long))..], linktree.Timestamp);
        bytes[FixedSize - 1] = linktree.IsTombstone ? (byte)1 : (byte)0;
        uuid.CopyTo(bytes[FixedSize..]);
        return unchecked((long)XxHash3.HashToUInt64(bytes[..(FixedSize + uuid.Length)]));
    }
}
