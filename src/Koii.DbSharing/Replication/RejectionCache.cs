using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Caches what was rejected, so that it is neither verified nor fetched again (protocol §4, "Rejection cache"). Nothing that a stranger causes can keep a genuine record
/// out. Bad signatures are cached per record and signature. Undelivered and bad records are cached per peer. An entry by id alone has a verdict that
/// depends on the content or on the store (full), and only for an id that this node computed. Rejections of the policy are not cached.
/// </summary>
/// <remarks>
/// The number of entries is bounded for each peer and in total. Entries are removed by generation: a new generation starts after an hour or when the current one is full,
/// and only the current and the previous generation are kept, so that an entry lives for one to two hours, or less when entries are added fast. A removed entry costs a check or a fetch and nothing else.
/// Safe for use by many threads.
/// </remarks>
internal sealed class RejectionCache(TimeProvider timeProvider)
{
    /// <summary>The maximum number of entries that one peer may cause. A peer that has used them up is not reconciled with for an hour.</summary>
    public const int MaxEntriesPerPeer = 65_536;

    /// <summary>The maximum number of entries, of 40 bytes each.</summary>
    public const int Capacity = 4 * MaxEntriesPerPeer;

    private const int MaxStackBytes = 256;

    private static readonly TimeSpan GenerationAge = TimeSpan.FromHours(1);

    /// <summary>Submissions are counted like a peer. No peer has this name (RFC 6761 §6.4).</summary>
    private static readonly NodeAddress Submissions = NodeAddress.Parse("http://submissions.invalid");

    /// <summary>What puts have superseded is counted apart: an author who edits often must not use up the entries of the peers that deliver the edits.</summary>
    private static readonly NodeAddress Puts = NodeAddress.Parse("http://superseded.invalid");

    /// <summary>Records that find no space in the store are counted apart, so that they use up the entries of no peer.</summary>
    private static readonly NodeAddress FullStore = NodeAddress.Parse("http://full.invalid");

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, long> _exhaustedAt = [];
    private Generation _current = new(timeProvider.GetTimestamp());
    private Generation _previous = new(0);

    private enum KeyKind : byte
    {
        Signature,
        Delivery,
        Content,
        Full,
    }

    /// <summary>The number of entries.</summary>
    public int Count
    {
        get { lock (_lock) return _current.Entries.Count + _previous.Entries.Count; }
    }

    // Most of the time nothing is rejected, and no key has to be hashed.
    private bool IsEmpty => Count == 0;

    /// <summary>Gets whether this signature was found bad for this record.</summary>
    public bool IsBadSignature(SignedLinktree linktree) => !IsEmpty && IsKnown(SignatureKey(linktree));

    /// <summary>
    /// Gets whether a record with this id cannot change the store now, whichever peer holds it and whatever its signature: it is superseded, not yet due, or has invalid
    /// content.
    /// </summary>
    public bool IsSettled(LinktreeId id) => !IsEmpty && IsKnown(ContentKey(id));

    /// <summary>Gets whether the store had no space for a record with this id.</summary>
    public bool IsFull(LinktreeId id) => !IsEmpty && IsKnown(FullKey(id));

    /// <summary>Gets whether fetching a record from a peer may change the store.</summary>
    public bool IsWorthFetching(NodeAddress peer, LinktreeId id) => !IsSettled(id) && !IsFull(id) && !IsKnown(DeliveryKey(peer, id));

    /// <summary>Gets whether the peer used up its entries within the last hour, so that rejections that it causes are not cached.</summary>
    public bool IsExhausted(NodeAddress peer)
    {
        lock (_lock)
            return IsExhaustedUnderLock(peer);
    }

    /// <summary>Caches that a signature does not match its record, so that it is not verified again.</summary>
    /// <param name="peer">The peer that delivered it, or <see langword="null"/> for a submission.</param>
    /// <param name="linktree">The record as it arrived.</param>
    public void AddBadSignature(NodeAddress? peer, SignedLinktree linktree) => Add(peer, SignatureKey(linktree), long.MaxValue);

    /// <summary>Caches that a record is superseded for good: a newer one is held, or it was replaced or evicted here.</summary>
    /// <param name="id">The record's id, computed here.</param>
    public void AddSuperseded(LinktreeId id) => Add(Puts, ContentKey(id), long.MaxValue);

    /// <summary>Caches that the store has no space for a record. A full store seldom has space again, so the record is neither verified nor fetched for the lifetime of the entry.</summary>
    /// <param name="id">The record's id, computed here.</param>
    public void AddFull(LinktreeId id) => Add(FullStore, FullKey(id), long.MaxValue);

    /// <summary>Caches the verdict of a record that was fetched by its id, so that it is not fetched again while the verdict holds.</summary>
    /// <param name="peer">The peer that delivered it.</param>
    /// <param name="linktree">The record as it arrived; its id was computed here.</param>
    /// <param name="verdict">The verdict.</param>
    /// <param name="dueAt">The time at which it becomes due if it is too early, in milliseconds since the Unix epoch.</param>
    public void AddFetched(NodeAddress peer, SignedLinktree linktree, Verdict verdict, long dueAt)
    {
        switch (verdict)
        {
            case { Kind: VerdictKind.Superseded } or { Reason: RejectionReason.OtherTask }:
                Add(peer, ContentKey(linktree.Id), long.MaxValue);
                break;
            case { Kind: VerdictKind.NotYetValid }:
                Add(peer, ContentKey(linktree.Id), dueAt);
                break;
            case { Reason: RejectionReason.BadSignature }:
                Add(peer, DeliveryKey(peer, linktree.Id), long.MaxValue);
                break;
        }
    }

    /// <summary>Caches that a peer listed a record and did not deliver it, so that it is not fetched from this peer again.</summary>
    /// <remarks>Most often the record was replaced at the peer meanwhile. A peer that invents ids uses up its entries.</remarks>
    /// <param name="peer">The peer.</param>
    /// <param name="id">The id that the peer listed.</param>
    public void AddUndelivered(NodeAddress peer, LinktreeId id) => Add(peer, DeliveryKey(peer, id), long.MaxValue);

    /// <summary>Removes all entries. For a store that failed and may come back with fewer records: what was superseded may then be new.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _current = new Generation(timeProvider.GetTimestamp());
            _previous = new Generation(0);
            _exhaustedAt.Clear();
        }
    }

    private bool IsExhaustedUnderLock(NodeAddress peer) =>
        _exhaustedAt.TryGetValue(peer, out var since) && timeProvider.GetElapsedTime(since) < GenerationAge;

    private bool IsKnown(UInt128 key)
    {
        lock (_lock)
        {
            StartGenerationUnderLock();
            return (_current.Entries.TryGetValue(key, out var until) || _previous.Entries.TryGetValue(key, out until))
                && (until == long.MaxValue || until > timeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Add(NodeAddress? peer, UInt128 key, long until)
    {
        peer ??= Submissions;
        lock (_lock)
        {
            StartGenerationUnderLock();
            if (_current.Entries.ContainsKey(key))
                return;
            if (_current.EntriesByPeer.GetValueOrDefault(peer) + _previous.EntriesByPeer.GetValueOrDefault(peer) >= MaxEntriesPerPeer)
            {
                if (!IsExhaustedUnderLock(peer))
                    _exhaustedAt[peer] = timeProvider.GetTimestamp();
                return;
            }

            _current.Entries.Add(key, until);
            CollectionsMarshal.GetValueRefOrAddDefault(_current.EntriesByPeer, peer, out _)++;
        }
    }

    private void StartGenerationUnderLock()
    {
        var age = timeProvider.GetElapsedTime(_current.StartedAt);
        if (_current.Entries.Count < Capacity / 2 && age < GenerationAge)
            return;

        _previous = age < 2 * GenerationAge ? _current : new Generation(0);
        _current = new Generation(timeProvider.GetTimestamp());
        foreach (var peer in _exhaustedAt.Keys.Where(peer => !IsExhaustedUnderLock(peer)).ToArray())
            _exhaustedAt.Remove(peer);
    }

    private static UInt128 SignatureKey(SignedLinktree linktree)
    {
        var signature = linktree.Signature;
        return Key(KeyKind.Signature, linktree.Id, signature.AsSpan());
    }

    private static UInt128 DeliveryKey(NodeAddress peer, LinktreeId id) => Key(KeyKind.Delivery, id, Encoding.UTF8.GetBytes(peer.Url));

    private static UInt128 FullKey(LinktreeId id) => Key(KeyKind.Full, id, default);

    private static UInt128 ContentKey(LinktreeId id) => Key(KeyKind.Content, id, default);

    /// <summary>128 bits of SHA-256: to hit the key of an honest record takes 2^128 attempts.</summary>
    private static UInt128 Key(KeyKind kind, LinktreeId id, ReadOnlySpan<byte> rest)
    {
        var length = 1 + LinktreeId.Size + rest.Length;
        var input = length <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[length];
        input[0] = (byte)kind;
        id.AsSpan().CopyTo(input[1..]);
        rest.CopyTo(input[(1 + LinktreeId.Size)..]);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input[..length], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>The entries with the time at which each expires, in milliseconds since the Unix epoch, and their number for each peer.</summary>
    private sealed class Generation(long startedAt)
    {
        public long StartedAt { get; } = startedAt;

        public Dictionary<UInt128, long> Entries { get; } = [];

        public Dictionary<NodeAddress, int> EntriesByPeer { get; } = [];
    }
}
