using System.IO.Hashing;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Computes the checksum of what the change feed contains of a record. The feed is read from an index, which does not have
/// the signature that the checksum of the whole row covers.
/// </summary>
internal static class KeyChecksum
{
    /// <summary>Computes half of the XxHash3 of author, id and uuid, with the timestamp and the tombstone as its seed.</summary>
    internal static int Compute(ReadOnlySpan<byte> authorIdUuid, long timestamp, bool isTombstone) =>
        unchecked((int)XxHash3.HashToUInt64(authorIdUuid, (timestamp << 1) | (isTombstone ? 1L : 0L)));

    /// <inheritdoc cref="Compute(ReadOnlySpan{byte}, long, bool)"/>
    internal static int Compute(ReadOnlySpan<byte> authorId, ReadOnlySpan<byte> uuid, long timestamp, bool isTombstone)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size + LinktreeId.Size + UuidBytes.MaxSize];
        authorId.CopyTo(bytes);
        uuid.CopyTo(bytes[authorId.Length..]);
        return Compute(bytes[..(authorId.Length + uuid.Length)], timestamp, isTombstone);
    }
}
