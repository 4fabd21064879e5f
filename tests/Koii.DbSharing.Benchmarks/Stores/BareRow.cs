namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The columns of a record as a driver reads them.</summary>
internal sealed record BareRow(byte[] Author, byte[] Signature, byte[] Data, long Timestamp, byte[] Id)
{
    internal static IReadOnlyList<LinktreeId> Ids(IReadOnlyList<BareRow> rows) => [.. rows.Select(row => new LinktreeId(row.Id))];
}
