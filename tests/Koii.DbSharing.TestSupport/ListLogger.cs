using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.TestSupport;

/// <summary>Records the log messages from a level on, as a logger, a factory and a provider.</summary>
/// <remarks>
/// Not FakeLogger of Microsoft.Extensions.Diagnostics.Testing: it is not a factory, which the engine takes, and the
/// tests need nothing beyond the list.
/// </remarks>
public sealed class ListLogger(LogLevel minimum = LogLevel.Trace) : ILoggerFactory, ILoggerProvider, ILogger
{
    public ConcurrentQueue<(LogLevel Level, EventId Event, string Text, Exception? Exception)> Lines { get; } = [];

    public IEnumerable<string> Names(LogLevel atLeast = LogLevel.Trace) => Lines.Where(line => line.Level >= atLeast).Select(line => line.Event.Name!);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Lines.Enqueue((logLevel, eventId, formatter(state, exception), exception));
    }

    public void Dispose()
    {
    }
}
