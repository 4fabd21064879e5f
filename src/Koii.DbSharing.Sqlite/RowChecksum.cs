using System.Buffers.Binary;
using System.IO.Hashing;

namespace Koii.DbSharing.Sqlite;

/// <summary>The checksum of a record's small columns. The id protects the data.</summary>
internal static class RowChecksum
{
    private const int FixedLength = PublicKey.Size + LinktreeId.Size + LinktreeSignature.Size + sizeof(long) + 1;

    internal static long Compute(SignedLinktree linktree, ReadOnlySpan<byte> uuid)
    {
        Span<byte> buffer = stackalloc byte[FixedLength + UuidBytes.MaxLength];
        var rest = Append(buffer, linktree.Author.AsSpan());
        rest = Append(rest, linktree.Id.AsSpan());
        rest = Append(rest, linktree.Signature.AsSpan());
        BinaryPrimitives.WriteInt64LittleEndian(rest, linktree.Timestamp);
        rest[sizeof(long)] = linktree.IsTombstone ? (byte)1 : (byte)0;
        uuid.CopyTo(rest[(sizeof(long) + 1)..]);
        return (long)XxHash3.HashToUInt64(buffer[..(FixedLength + uuid.Length)]);
    }

    private static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> source)
    {
        source.CopyTo(destination);
        return destination[source.Length..];
    }
}
