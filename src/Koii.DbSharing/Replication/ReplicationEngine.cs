using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Records;
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Makes a node's set and those of its peers one: asks who there is, reads what they hold, judges every record, and keeps the newest. It composes
/// its roles and knows no JSON, no HTTP, no database and no curve.
/// </summary>
/// <remarks>
/// All members may be called from many threads at once. The engine owns nothing that must be disposed of, and has no background work of its own:
/// what it does, it does inside a call.
/// </remarks>
public sealed class ReplicationEngine
{
    private readonly INodeDirectory _directory;
    private readonly IPeerClient _client;
    private readonly ISignatureVerifier _verifier;
    private readonly ILinktreeStore _store;
    private readonly ReplicationEngineServices _services;

    /// <summary>Composes an engine.</summary>
    /// <param name="directory">Who there is.</param>
    /// <param name="client">How a peer is read.</param>
    /// <param name="verifier">What a good signature is; asked for pages at a time where it is an <see cref="IBatchSignatureVerifier"/>.</param>
    /// <param name="store">Where records are kept.</param>
    /// <param name="options">The settings of the task. They are read here; later changes have no effect.</param>
    /// <param name="services">Clock, chance and logging. Default: the system's, and no logging.</param>
    /// <exception cref="ArgumentNullException">A role or the options are missing.</exception>
    /// <exception cref="ArgumentException">An option has a value that no engine can work with.</exception>
    public ReplicationEngine(
        INodeDirectory directory,
        IPeerClient client,
        ISignatureVerifier verifier,
        ILinktreeStore store,
        DbSharingOptions options,
        ReplicationEngineServices? services = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(verifier);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        (_directory, _client, _verifier, _store, Options, _services) = (directory, client, verifier, store, options, services ?? new());
        Index = new LinktreeIndex(store);
    }

    /// <summary>Count and fingerprint of what the store holds, kept up with its changes.</summary>
    public LinktreeIndex Index { get; }

    internal DbSharingOptions Options { get; }

    /// <summary>Runs one round.</summary>
    /// <param name="cancellationToken">Ends the round promptly; what was stored by then stays.</param>
    /// <returns>What the round did.</returns>
    public Task<ReplicationReport> ShareAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException($"{_directory}{_client}");

    /// <summary>Judges one record and keeps it if it is good and newer than what is held.</summary>
    /// <param name="linktree">The record.</param>
    /// <param name="cancellationToken">Ends the call; the record is then stored or not.</param>
    /// <returns>What became of it.</returns>
    public ValueTask<Verdict> SubmitAsync(SignedLinktree linktree, CancellationToken cancellationToken = default) => throw new NotImplementedException($"{_verifier}{_store}");

    /// <summary>Runs rounds until it is told to stop.</summary>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <returns>A task that completes when the loop has ended.</returns>
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException($"{_services}");
}
