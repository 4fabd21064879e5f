using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Reconciliation;

/// <summary>PROVISIONAL.</summary>
/// <param name="store">The store.</param>
public sealed class LinktreeIndex(ILinktreeStore store)
{
    /// <summary>PROVISIONAL.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>The summary.</returns>
    public ValueTask<SetSummary> GetSummaryAsync(CancellationToken ct = default) => throw new NotImplementedException(store.ToString());
}
