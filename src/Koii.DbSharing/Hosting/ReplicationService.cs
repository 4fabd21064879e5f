using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Hosting;

/// <summary>
/// Runs an engine's rounds while the host runs. When the host stops, the current round is canceled; stored records remain.
/// </summary>
internal sealed partial class ReplicationService(ReplicationEngine engine, ILogger<ReplicationService> logger) : BackgroundService
{
    /// <summary>
    /// Opens the store, so that one that cannot be opened stops the host at start instead of failing every round.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await engine.OpenAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await engine.RunAsync(stoppingToken).ConfigureAwait(false);
        Log.Stopped(logger, engine.Options.TaskId);
    }
}
