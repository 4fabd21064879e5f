using System.Buffers;
using System.Numerics;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>One record: an accepted record is read from its wire forms again.</summary>
internal sealed class RecordTarget : FuzzTarget<(SignedLinktree? Record, RejectionReason Reason)>
{
    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Records.Select(FuzzSeeds.Utf8);

    protected override ValueTask<(SignedLinktree?, RejectionReason)> ReadAsync(byte[] input) => new(Read(input));

    protected override int Check(byte[] input, (SignedLinktree? Record, RejectionReason Reason) reading)
    {
        var (record, reason) = reading;
        if (record is null)
            return (int)reason;

        AssertRoundTrip(record);
        return HashCode.Combine(
            record.IsTombstone, record.TaskId is null, BitOperations.Log2((uint)record.Data.Length), record.Uuid.Length, record.Timestamp == 0);
    }

    internal static void AssertRoundTrip(SignedLinktree record)
    {
        var (bare, keyed) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        LinktreeWriter.WriteRecord(bare, record);
        LinktreeWriter.WriteKeyedRecord(keyed, record, "linktree");
        Assert.That(Read(bare.WrittenSpan), Is.EqualTo((record, RejectionReason.None)));
        Assert.That(Read(keyed.WrittenSpan), Is.EqualTo((record, RejectionReason.None)));
        Assert.That(
            CanonicalFormTarget.Canonicalize(record.Data.Span).Bytes.AsSpan().SequenceEqual(record.Data.Span), Is.True, "the data is canonical");
        Assert.That(record.Data.Length, Is.LessThanOrEqualTo(SignedLinktree.MaxDataBytes));
        Assert.That(record.Timestamp, Is.InRange(0, (1L << 53) - 1));
        Assert.That(record.Uuid.Length, Is.InRange(1, 128));
    }

    private static (SignedLinktree?, RejectionReason) Read(ReadOnlySpan<byte> envelope)
    {
        var isRecord = LinktreeReader.TryRead(envelope, out var record, out var reason);
        Assert.That(isRecord, Is.EqualTo(record is not null).And.EqualTo(reason is RejectionReason.None));
        return (record, reason);
    }
}
