using System.Transactions;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Runs calls of the server: a failure that may pass is retried a few times, after delays that double, with jitter so
/// that processes do not retry at the same moment.
/// </summary>
internal sealed class Retry(TimeProvider timeProvider, Random random)
{
    /// <summary>
    /// With the delays between them two seconds on average: a restarted server is often available by then, and the next
    /// round is soon.
    /// </summary>
    internal const int MaxAttempts = 6;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(60);

    private readonly Lock _lock = new();

    /// <summary>
    /// Runs a call outside the transaction of the caller, which would otherwise hold the task's lock and could undo
    /// what was acknowledged.
    /// </summary>
    /// <exception cref="LinktreeStoreException">The call failed permanently, or in every attempt.</exception>
    internal async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        using var outsideTransaction = Transaction.Current is null
            ? null
            : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await call(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception failure) when (attempt < AttemptsFor(failure))
                {
                    await Task.Delay(DelayAfter(attempt), timeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception failure) when (PostgreSqlErrors.IsFailure(failure))
        {
            throw PostgreSqlErrors.Explain(failure);
        }
    }

    /// <summary>
    /// The pool may have had the session since a time when the database was read-only; the next session shows whether it
    /// still is.
    /// </summary>
    private static int AttemptsFor(Exception failure) =>
        PostgreSqlErrors.IsReadOnly(failure) ? 2 : PostgreSqlErrors.IsWorthAnotherAttempt(failure) ? MaxAttempts : 1;

    private TimeSpan DelayAfter(int attempt)
    {
        lock (_lock)
            return FirstDelay * (1 << (attempt - 1)) * (0.5 + random.NextDouble());
    }
}
