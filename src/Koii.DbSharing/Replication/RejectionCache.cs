using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Remembers what was refused, so that it is neither verified nor fetched again (protocol §4, "Memory of refusals"), and so that nothing a stranger plants keeps
/// an honest record out: a bad signature is known together with its record and never damns the id, a bad delivery is known of the peer that made it and of no
/// other, and by its id alone only what follows from the content, by an id that was computed here. The policy's refusals are never remembered.
/// </summary>
/// <remarks>
/// Bounded twice, per peer and in sum. It forgets by generations: a new one begins after an hour or when the young one is full, and the one before the last is
/// dropped, so an entry lives for one to two hours, or less in a flood. To forget costs a check or a fetch, nothing else. Safe for use by many threads.
/// </remarks>
internal sealed class RejectionCache(TimeProvider timeProvider)
{
    /// <summary>How many entries one peer may cause. When they are used up, reconciling with it rests for an hour.</summary>
    public const int SharePerPeer = 65_536;

    /// <summary>How many entries there are at most, 40 bytes each.</summary>
    public const int Capacity = 4 * SharePerPeer;

    private static readonly TimeSpan GenerationAge = TimeSpan.FromHours(1);

    /// <summary>Submissions have a share like a peer. No peer has this name (RFC 6761 §6.4).</summary>
    private static readonly NodeAddress Submissions = NodeAddress.Parse("http://submissions.invalid");

    private readonly Lock _lock = new();
    private readonly Dictionary<NodeAddress, long> _exhaustedAt = [];
    private Generation _young = new(timeProvider.GetTimestamp());
    private Generation _old = new(0);

    private enum KeyKind : byte
    {
        Signature,
        Delivery,
        Content,
    }

    /// <summary>How many entries there are.</summary>
    public int Count
    {
        get { lock (_lock) return _young.Entries.Count + _old.Entries.Count; }
    }

    /// <summary>Whether this very signature was found bad for this very record.</summary>
    public bool IsBadSignature(SignedLinktree linktree) => IsKnown(SignatureKey(linktree));

    /// <summary>
    /// Whether the record of this id, whoever has it and whatever signature it carries, cannot change anything now: it is superseded, not yet due, or has a fault in
    /// its content.
    /// </summary>
    public bool IsSettled(LinktreeId id) => IsKnown(ContentKey(id));

    /// <summary>Whether it is of use to fetch a record from a peer, by all that is known.</summary>
    public bool IsWorthFetching(NodeAddress peer, LinktreeId id) => !IsSettled(id) && !IsKnown(DeliveryKey(peer, id));

    /// <summary>Whether the peer used up its share within the last hour, so that what it causes is not remembered.</summary>
    public bool IsExhausted(NodeAddress peer)
    {
        lock (_lock)
            return IsExhaustedUnderLock(peer);
    }

    /// <summary>Remembers that a signature does not fit its record: against verifying it again.</summary>
    /// <param name="from">The peer that delivered it, or <see langword="null"/> where it was submitted.</param>
    /// <param name="linktree">The record as it came.</param>
    public void RememberBadSignature(NodeAddress? from, SignedLinktree linktree) => Remember(from, SignatureKey(linktree), long.MaxValue);

    /// <summary>Remembers that a record can never matter again: a newer one is held, or it was replaced or evicted here.</summary>
    /// <param name="from">The peer that caused it, or <see langword="null"/> where a submission did.</param>
    /// <param name="id">The record's id, computed here.</param>
    public void RememberSuperseded(NodeAddress? from, LinktreeId id) => Remember(from, ContentKey(id), long.MaxValue);

    /// <summary>Remembers what became of a record that was fetched by its id: against fetching it again.</summary>
    /// <param name="from">The peer that delivered it.</param>
    /// <param name="linktree">The record as it came; its id was computed here.</param>
    /// <param name="verdict">What became of it.</param>
    /// <param name="dueAt">When it is due if it came too early, in milliseconds since the Unix epoch.</param>
    public void RememberFetched(NodeAddress from, SignedLinktree linktree, Verdict verdict, long dueAt)
    {
        switch (verdict)
        {
            case { Kind: VerdictKind.Superseded } or { Reason: RejectionReason.OtherTask }:
                Remember(from, ContentKey(linktree.Id), long.MaxValue);
                break;
            case { Kind: VerdictKind.NotYetValid }:
                Remember(from, ContentKey(linktree.Id), dueAt);
                break;
            // There is seldom room again, and without this a peer with much that finds none would be fetched from as a whole in every round.
            case { Reason: RejectionReason.BadSignature } or { Kind: VerdictKind.Full }:
                Remember(from, DeliveryKey(from, linktree.Id), long.MaxValue);
                break;
        }
    }

    /// <summary>
    /// Remembers that a peer listed a record and did not deliver it: against fetching it there again. Most often the record was replaced there meanwhile and never comes
    /// back; a peer that makes ids up uses up its share.
    /// </summary>
    /// <param name="from">The peer.</param>
    /// <param name="id">The id that it listed.</param>
    public void RememberUndelivered(NodeAddress from, LinktreeId id) => Remember(from, DeliveryKey(from, id), long.MaxValue);

    /// <summary>Forgets everything. For a store that failed, which may come back with less than it had: what was superseded may then be new.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _young = new Generation(timeProvider.GetTimestamp());
            _old = new Generation(0);
            _exhaustedAt.Clear();
        }
    }

    private bool IsExhaustedUnderLock(NodeAddress peer) =>
        _exhaustedAt.TryGetValue(peer, out var since) && timeProvider.GetElapsedTime(since) < GenerationAge;

    private bool IsKnown(UInt128 key)
    {
        lock (_lock)
        {
            TurnUnderLock();
            return (_young.Entries.TryGetValue(key, out var until) || _old.Entries.TryGetValue(key, out until))
                && (until == long.MaxValue || until > timeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Remember(NodeAddress? from, UInt128 key, long until)
    {
        from ??= Submissions;
        lock (_lock)
        {
            TurnUnderLock();
            if (_young.Entries.ContainsKey(key))
                return;
            if (_young.Shares.GetValueOrDefault(from) + _old.Shares.GetValueOrDefault(from) >= SharePerPeer)
            {
                if (!IsExhaustedUnderLock(from))
                    _exhaustedAt[from] = timeProvider.GetTimestamp();
                return;
            }

            _young.Entries.Add(key, until);
            CollectionsMarshal.GetValueRefOrAddDefault(_young.Shares, from, out _)++;
        }
    }

    private void TurnUnderLock()
    {
        var age = timeProvider.GetElapsedTime(_young.StartedAt);
        if (_young.Entries.Count < Capacity / 2 && age < GenerationAge)
            return;

        _old = age < 2 * GenerationAge ? _young : new Generation(0);
        _young = new Generation(timeProvider.GetTimestamp());
        foreach (var peer in _exhaustedAt.Keys.Where(peer => !IsExhaustedUnderLock(peer)).ToArray())
            _exhaustedAt.Remove(peer);
    }

    private static UInt128 SignatureKey(SignedLinktree linktree)
    {
        var signature = linktree.Signature;
        return Key(KeyKind.Signature, linktree.Id, signature.AsSpan());
    }

    private static UInt128 DeliveryKey(NodeAddress peer, LinktreeId id) => Key(KeyKind.Delivery, id, Encoding.UTF8.GetBytes(peer.Url));

    private static UInt128 ContentKey(LinktreeId id) => Key(KeyKind.Content, id, default);

    /// <summary>128 bits of SHA-256: to hit the key of an honest record takes 2^128 attempts.</summary>
    private static UInt128 Key(KeyKind kind, LinktreeId id, ReadOnlySpan<byte> rest)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([(byte)kind, .. id.AsSpan(), .. rest], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>Until when each entry counts, in milliseconds since the Unix epoch, and how many each peer caused.</summary>
    private sealed class Generation(long startedAt)
    {
        public long StartedAt { get; } = startedAt;

        public Dictionary<UInt128, long> Entries { get; } = [];

        public Dictionary<NodeAddress, int> Shares { get; } = [];
    }
}
