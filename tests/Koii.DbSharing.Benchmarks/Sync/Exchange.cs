using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>
/// The cost of finding the records that only the other side has: the time of both sides, and the bytes on the wire
/// without the records.
/// </summary>
internal sealed record Exchange(long BytesUp, long BytesDown, int RoundTrips, TimeSpan Initiator, TimeSpan Responder, long RecordBytes, bool IsRight)
{
    private const int Runs = 40;

    // {"protocol":1,"count":1000000,"fingerprint":"…","perAuthor":16,"reconcile":true}
    private const int SummaryBytes = 106;

    internal static Exchange Measure(ItemSet initiatorSet, ItemSet responderSet, SignedLinktree[] extra)
    {
        // The fastest run: other work of the machine only adds time.
        var fastest = Enumerable.Range(0, Runs).Select(_ => Run(initiatorSet, responderSet, extra)).MinBy(run => run.Initiator + run.Responder)!;
        return fastest with { RecordBytes = SizeOf(extra) };
    }

    private static Exchange Run(ItemSet initiatorSet, ItemSet responderSet, SignedLinktree[] extra)
    {
        var (up, down, trips) = (0L, (long)SummaryBytes, 1);
        var (initiatorWatch, responderWatch) = (new Stopwatch(), new Stopwatch());
        var need = new HashSet<LinktreeId>();

        var theirs = Time(responderWatch, () => responderSet.Summary);
        if (Time(initiatorWatch, () => initiatorSet.Summary != theirs))
        {
            var initiator = new Initiator(initiatorSet, need);
            for (var next = Time(initiatorWatch, () => initiator.Start()); next is not null; trips++)
            {
                var message = next;
                up += message.Length;
                var answer = Time(responderWatch, () => new Responder(responderSet).Respond(message))!;
                down += answer.Length;
                next = Time(
                    initiatorWatch,
                    () => initiator.TryTake(answer, out var following) ? following : throw new InvalidOperationException("The answer is malformed."));
            }

            up += need.Count * LinktreeId.Size;
            trips += need.Count > 0 ? 1 : 0;
        }

        return new Exchange(up, down, trips, initiatorWatch.Elapsed, responderWatch.Elapsed, 0, need.SetEquals(extra.Select(record => record.Id)));
    }

    private static T Time<T>(Stopwatch watch, Func<T> work)
    {
        watch.Start();
        var result = work();
        watch.Stop();
        return result;
    }

    /// <summary>Gets the compressed size of the records in a fetch.</summary>
    private static long SizeOf(SignedLinktree[] records)
    {
        if (records.Length == 0)
            return 0;
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(ProfileRecords.ToList(records));
        return compressed.Length;
    }
}
