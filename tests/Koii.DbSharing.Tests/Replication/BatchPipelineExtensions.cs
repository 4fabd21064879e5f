using Koii.DbSharing.Replication;

namespace Koii.DbSharing.Tests.Replication;

internal static class BatchPipelineExtensions
{
    /// <summary>Passes one batch through both stages.</summary>
    public static async Task<BatchResult> ProcessAsync(this BatchPipeline batches, NodeAddress peer, params IReadOnlyList<SignedLinktree> records) =>
        await batches.StoreAsync(await batches.VerifyAsync(peer, records));

    /// <summary>Processes a batch that is alone.</summary>
    public static Task<BatchResult> ProcessAsync(this RecordProcessor processor, NodeAddress peer, params IReadOnlyList<SignedLinktree> records) =>
        new BatchPipeline(processor, storeScheduler: null, CancellationToken.None).ProcessAsync(peer, records);
}
