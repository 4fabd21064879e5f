using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

/// <summary>The optional services of a <see cref="ReplicationEngine"/>. Each has a default, so that a test sets only what it replaces.</summary>
public sealed class ReplicationEngineServices
{
    /// <summary>The clock of rounds, limits and validation. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// The source of jitter and of the selection of peers; not used for cryptography. The engine uses it from one thread at a time. Default: randomly seeded. A seeded one makes
    /// a round reproducible.
    /// </summary>
    public Random Random { get; init; } = new();

    /// <summary>The factory of the engine's log. Default: no log.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Decides which valid records are kept. Default: all of them.</summary>
    public IAdmissionPolicy? Policy { get; init; }

    /// <summary>Asks peers for differences. Default: the peer client, if it is an <see cref="IPeerReconciler"/>; otherwise full lists are read.</summary>
    public IPeerReconciler? Reconciler { get; init; }

    /// <summary>Selects which of several processes over one database runs the rounds. Default: none; this process runs them.</summary>
    public IReplicationLease? Lease { get; init; }

    /// <summary>
    /// Runs what stores batches of a round, so that the next batch is verified meanwhile. <see langword="null"/> to store inside the call that verified: on one core, where
    /// another thread gains nothing, and in tests, where it makes a round deterministic.
    /// </summary>
    internal TaskScheduler? StoreScheduler { get; init; } = Environment.ProcessorCount > 1 ? TaskScheduler.Default : null;
}
