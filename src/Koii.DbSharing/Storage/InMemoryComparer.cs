using System.Buffers.Binary;

namespace Koii.DbSharing.Storage;

/// <summary>
/// Finds records by their ids and authors by their public keys in sets, which have no copies of the keys as dictionaries
/// do.
/// </summary>
/// <remarks>
/// It hashes eight bytes of a key, with a random seed. No one can make many ids or public keys that have these bytes in
/// common.
/// </remarks>
internal sealed class InMemoryComparer
    : IEqualityComparer<SignedLinktree>, IAlternateEqualityComparer<LinktreeId, SignedLinktree>,
        IEqualityComparer<InMemoryAuthor>, IAlternateEqualityComparer<PublicKey, InMemoryAuthor>
{
    internal static InMemoryComparer Instance { get; } = new();

    public bool Equals(SignedLinktree? x, SignedLinktree? y) => x?.Id == y?.Id;

    public bool Equals(LinktreeId alternate, SignedLinktree other) => alternate == other.Id;

    public bool Equals(InMemoryAuthor? x, InMemoryAuthor? y) => x?.Key == y?.Key;

    public bool Equals(PublicKey alternate, InMemoryAuthor other) => alternate == other.Key;

    public int GetHashCode(SignedLinktree obj) => GetHashCode(obj.Id);

    public int GetHashCode(LinktreeId alternate) => GetHashCode(alternate.AsSpan());

    public int GetHashCode(InMemoryAuthor obj) => GetHashCode(obj.Key);

    public int GetHashCode(PublicKey alternate) => GetHashCode(alternate.AsSpan());

    public SignedLinktree Create(LinktreeId alternate) => throw new NotSupportedException("The sets are not added to by key.");

    public InMemoryAuthor Create(PublicKey alternate) => new(alternate);

    private static int GetHashCode(ReadOnlySpan<byte> bytes) => HashCode.Combine(BinaryPrimitives.ReadInt64LittleEndian(bytes));
}
