using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Logging;

/// <summary>
/// A logger whose exceptions are discarded: the logger of an application may throw (Microsoft.Extensions.Logging throws what its providers throw), and that must not end replication.
/// </summary>
internal sealed class NonThrowingLogger(ILogger logger) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        try
        {
            return logger.BeginScope(state);
        }
        catch
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
        catch
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch
        {
            // There is nowhere to report it.
        }
    }
}
