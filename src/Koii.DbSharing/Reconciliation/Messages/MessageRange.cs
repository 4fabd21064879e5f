using System.Buffers.Binary;

namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>A view of one range of a message. Its lower bound is the upper bound of the previous range.</summary>
/// <param name="upper">The exclusive end of the range.</param>
/// <param name="mode">The kind of payload.</param>
/// <param name="payload">The fingerprint, or the concatenated ids.</param>
internal readonly ref struct MessageRange(RangeBound upper, RangeMode mode, ReadOnlySpan<byte> payload)
{
    /// <summary>The length of a fingerprint in bytes.</summary>
    public const int FingerprintSize = 16;

    private readonly ReadOnlySpan<byte> _payload = payload;

    public RangeBound Upper { get; } = upper;

    public RangeMode Mode { get; } = mode;

    /// <summary>The fingerprint, in mode <see cref="RangeMode.Fingerprint"/>.</summary>
    public UInt128 Fingerprint => BinaryPrimitives.ReadUInt128BigEndian(_payload);

    /// <summary>The number of ids, in mode <see cref="RangeMode.IdList"/>.</summary>
    public int IdCount => _payload.Length / LinktreeId.Size;

    /// <summary>Gets one of the ids.</summary>
    public LinktreeId IdAt(int index) => new(_payload.Slice(index * LinktreeId.Size, LinktreeId.Size));
}
