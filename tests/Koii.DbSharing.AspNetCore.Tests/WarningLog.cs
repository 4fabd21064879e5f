using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Records each log message from Warning on, those of the server included.</summary>
internal sealed class WarningLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(EventId Event, string Text)> _warnings = new();

    public IReadOnlyCollection<(EventId Event, string Text)> Warnings => _warnings;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // A slow heartbeat of the server shows that the machine is busy, and nothing about the code under test.
        if (IsEnabled(logLevel) && eventId.Name != "HeartbeatSlow")
            _warnings.Enqueue((eventId, $"{formatter(state, exception)} {exception}"));
    }

    public void Dispose()
    {
    }
}
