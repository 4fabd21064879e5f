using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Makes a call again when the database was only not ready for it: a few times, after pauses that double, with jitter so that processes do not come back together.
/// </summary>
internal sealed class Retry(TimeProvider timeProvider, Random random)
{
    /// <summary>With the pauses between them, two seconds on average: a restarted server is often back by then, and the next round comes soon in any case.</summary>
    internal const int MaxAttempts = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(60);

    private readonly Lock _lock = new();

    /// <summary>What fails for good is the driver's own exception.</summary>
    internal async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt(cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException failure) when (number < MaxAttempts && PostgreSqlErrors.IsWorthAnotherAttempt(failure))
            {
                await Task.Delay(PauseAfter(number), timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private TimeSpan PauseAfter(int number)
    {
        lock (_lock)
            return FirstPause * (1 << (number - 1)) * (0.5 + random.NextDouble());
    }
}
