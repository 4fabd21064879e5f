using System.Diagnostics;
using System.IO.Compression;
using System.IO.Pipelines;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Records;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>The cost of sending and reading a whole list, of its ETag, and of the index.</summary>
internal sealed record PlainList(
    long BytesOnTheWire, TimeSpan Reading, TimeSpan Writing, TimeSpan EntityTag, TimeSpan IndexBuild, TimeSpan IndexProcessorTime, long IndexBytes)
{
    private const int PageSize = 512;

    internal static async Task<PlainList> MeasureAsync(SignedLinktree[] records)
    {
        var options = new DbSharingOptions { TaskId = "benchmark", MaxRecords = records.Length, MaxRetainedChanges = 1 };
        var store = new InMemoryLinktreeStore(options);
        foreach (var page in records.Chunk(PageSize))
            await store.PutAsync(page);

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new LinktreeIndex(store);
        using var process = Process.GetCurrentProcess();
        var processorTime = process.TotalProcessorTime;
        var build = Stopwatch.StartNew();
        await index.GetSummaryAsync();
        build.Stop();
        process.Refresh();
        processorTime = process.TotalProcessorTime - processorTime;
        var indexBytes = GC.GetTotalMemory(forceFullCollection: true) - before;

        var engine = new ReplicationEngine(new StaticNodeDirectory([]), new NoPeers(), new Ed25519SignatureVerifier(), store, options);
        var responder = new LinktreeResponder(engine);
        await responder.GetEntityTagAsync(ListForm.KeyedByPublicKey);
        var tag = Stopwatch.StartNew();
        await responder.GetEntityTagAsync(ListForm.KeyedByPublicKey);
        tag.Stop();

        using var wire = new MemoryStream();
        var writing = Stopwatch.StartNew();
        await using (var gzip = new GZipStream(wire, CompressionLevel.Fastest, leaveOpen: true))
        {
            var output = PipeWriter.Create(gzip, new StreamPipeWriterOptions(leaveOpen: true));
            await responder.WriteListAsync(output, ListForm.KeyedByPublicKey);
            await output.CompleteAsync();
        }

        writing.Stop();
        wire.Position = 0;
        var reading = Stopwatch.StartNew();
        var read = 0;
        var limits = new ListLimits(long.MaxValue, records.Length, 256 * 1024);
        await foreach (var page in LinktreeReader.ReadListAsync(new GZipStream(wire, CompressionMode.Decompress), limits, CancellationToken.None))
            read += page.Linktrees.Count;
        reading.Stop();
        GC.KeepAlive(index);
        return read == records.Length
            ? new PlainList(wire.Length, reading.Elapsed, writing.Elapsed, tag.Elapsed, build.Elapsed, processorTime, indexBytes)
            : throw new InvalidOperationException($"{read} of {records.Length} records were read.");
    }
}
