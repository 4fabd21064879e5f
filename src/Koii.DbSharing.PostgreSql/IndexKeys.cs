using System.Buffers.Binary;
using System.IO.Hashing;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Computes the numbers by which indexes find records. Different keys may have the same number, so the whole keys are
/// compared too.
/// </summary>
/// <param name="seed">
/// The seed of the hashes of a task. It is secret and random, because other parties choose what is hashed.
/// </param>
/// <param name="isWeak">Whether only one bit of each hash is used, for tests of keys with the same number.</param>
internal readonly struct IndexKeys(long seed, bool isWeak)
{
    private const ulong AuthorBits = 0xffffffff_00000000;

    private readonly ulong _ofIdentity = isWeak ? 0x80000000_80000000 : ulong.MaxValue;
    private readonly ulong _ofPrefix = isWeak ? 0x80000000_00000000 : ulong.MaxValue;

    /// <summary>Computes the number of an identity: the hash of the author is its upper half, that of the uuid its lower half.</summary>
    internal long Identity(PublicKey author, ReadOnlySpan<byte> uuid)
    {
        var (ofAuthor, ofUuid) = (XxHash3.HashToUInt64(author.AsSpan(), seed), XxHash3.HashToUInt64(uuid, seed));
        return unchecked((long)(((ofAuthor & AuthorBits) | (uint)ofUuid) & _ofIdentity));
    }

    /// <summary>Returns the least and the greatest number that an identity of an author may have.</summary>
    internal (long First, long Last) IdentitiesOf(PublicKey author)
    {
        var first = XxHash3.HashToUInt64(author.AsSpan(), seed) & AuthorBits & _ofIdentity;
        return unchecked(((long)first, (long)(first | ~AuthorBits)));
    }

    /// <summary>Returns the first eight bytes of an id as a number. The order of the numbers is that of the bytes.</summary>
    internal long Prefix(LinktreeId id) =>
        unchecked((long)(BinaryPrimitives.ReadUInt64BigEndian(id.AsSpan()) & _ofPrefix) ^ long.MinValue);
}
