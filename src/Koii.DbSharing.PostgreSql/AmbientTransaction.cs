using System.Transactions;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Keeps a transaction of the caller's own out of the store's: it would hold the task's lock, and what was called durable would be undone with it.</summary>
internal static class AmbientTransaction
{
    internal static TransactionScope? Suppress() =>
        Transaction.Current is null ? null : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
}
