using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

/// <summary>What the engine needs beside its four roles. Everything has a default, so that a test names only what it replaces.</summary>
public sealed class ReplicationEngineServices
{
    /// <summary>The clock of rounds, limits and judgements about the future. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Jitter and the choice of peers, never cryptography. The engine uses it from one thread at a time. Default: randomly seeded; a seeded
    /// one makes a round reproducible.
    /// </summary>
    public Random Random { get; init; } = new();

    /// <summary>Where the engine logs. Default: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Which good records are kept. Default: all.</summary>
    public IAdmissionPolicy? Policy { get; init; }

    /// <summary>How peers are asked for what differs. Default: not at all, and whole lists are read.</summary>
    public IPeerReconciler? Reconciler { get; init; }

    /// <summary>Which of several processes over one database runs the rounds. Default: none, and every round is ours.</summary>
    public IReplicationLease? Lease { get; init; }
}
