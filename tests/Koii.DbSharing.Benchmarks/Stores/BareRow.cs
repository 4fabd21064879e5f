namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>What a driver reads of a record: the bytes as they are stored.</summary>
internal sealed record BareRow(byte[] Author, byte[] Signature, byte[] Data, long Timestamp, byte[] Id)
{
    internal static IReadOnlyList<LinktreeId> Ids(IReadOnlyList<BareRow> rows) => [.. rows.Select(row => new LinktreeId(row.Id))];
}
