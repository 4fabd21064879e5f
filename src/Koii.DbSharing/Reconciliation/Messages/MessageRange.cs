using System.Buffers.Binary;

namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>One range of a message, as it lies in it. Its lower bound is the upper bound of the one before it.</summary>
/// <param name="upper">Where the range ends.</param>
/// <param name="mode">What is said of it.</param>
/// <param name="payload">The fingerprint, or the ids side by side.</param>
internal readonly ref struct MessageRange(RangeBound upper, RangeMode mode, ReadOnlySpan<byte> payload)
{
    /// <summary>The length of a fingerprint in bytes.</summary>
    public const int FingerprintSize = 16;

    private readonly ReadOnlySpan<byte> _payload = payload;

    public RangeBound Upper { get; } = upper;

    public RangeMode Mode { get; } = mode;

    /// <summary>The fingerprint, in the mode that has one.</summary>
    public UInt128 Fingerprint => BinaryPrimitives.ReadUInt128BigEndian(_payload);

    /// <summary>How many ids are listed, in the mode that lists them.</summary>
    public int IdCount => _payload.Length / LinktreeId.Size;

    /// <summary>One of the ids.</summary>
    public LinktreeId IdAt(int index) => new(_payload.Slice(index * LinktreeId.Size, LinktreeId.Size));
}
