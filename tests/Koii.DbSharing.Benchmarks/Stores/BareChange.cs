namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The columns of a change as a driver reads them.</summary>
internal sealed record BareChange(long Number, int Kind, byte[] Author, byte[] Uuid, long AddedTimestamp, byte[] AddedId)
{
    internal static IReadOnlyList<LinktreeId> Ids(IReadOnlyList<BareChange> changes) =>
        [.. changes.Where(change => change.Kind == 0).Select(change => new LinktreeId(change.AddedId))];
}
