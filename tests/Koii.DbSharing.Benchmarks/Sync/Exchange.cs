using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>What it took one side to learn what the other has more: its work, the other's, and what went over the wire without the records themselves.</summary>
internal sealed record Exchange(long BytesUp, long BytesDown, int RoundTrips, TimeSpan Asking, TimeSpan Asked, long RecordBytes, bool IsRight)
{
    private const int Runs = 40;

    // {"protocol":1,"count":1000000,"fingerprint":"…","perAuthor":16,"reconcile":true}
    private const int SummaryBytes = 106;

    internal static Exchange Measure(ItemSet asking, ItemSet asked, SignedLinktree[] extra)
    {
        // The quickest: what else the machine does only ever adds.
        var quickest = Enumerable.Range(0, Runs).Select(_ => Run(asking, asked, extra)).MinBy(run => run.Asking + run.Asked)!;
        return quickest with { RecordBytes = SizeOf(extra) };
    }

    private static Exchange Run(ItemSet asking, ItemSet asked, SignedLinktree[] extra)
    {
        var (up, down, trips) = (0L, (long)SummaryBytes, 1);
        var (askingWatch, askedWatch) = (new Stopwatch(), new Stopwatch());
        var need = new HashSet<LinktreeId>();

        var theirs = During(askedWatch, () => asked.Summary);
        if (During(askingWatch, () => asking.Summary != theirs))
        {
            var initiator = new Initiator(asking, need);
            for (var next = During(askingWatch, initiator.Start); next is not null; trips++)
            {
                var message = next;
                up += message.Length;
                var answer = During(askedWatch, () => new Responder(asked).Respond(message))!;
                down += answer.Length;
                next = During(askingWatch, () => initiator.TryTake(answer, out var following) ? following : throw new InvalidOperationException("The answer is malformed."));
            }

            up += need.Count * LinktreeId.Size;
            trips += need.Count > 0 ? 1 : 0;
        }

        return new Exchange(up, down, trips, askingWatch.Elapsed, askedWatch.Elapsed, 0, need.SetEquals(extra.Select(record => record.Id)));
    }

    private static T During<T>(Stopwatch watch, Func<T> work)
    {
        watch.Start();
        var result = work();
        watch.Stop();
        return result;
    }

    /// <summary>The records as they are fetched, compressed.</summary>
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
