using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Keeps what an operator would be woken for: everything from a warning on, the server's own messages among it.</summary>
internal sealed class ComplaintLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(EventId Event, string Text)> _complaints = new();

    public IReadOnlyCollection<(EventId Event, string Text)> Complaints => _complaints;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // That the server's heart beats slowly says that the machine is busy, and nothing of what is tested.
        if (IsEnabled(logLevel) && eventId.Name != "HeartbeatSlow")
            _complaints.Enqueue((eventId, $"{formatter(state, exception)} {exception}"));
    }

    public void Dispose()
    {
    }
}
