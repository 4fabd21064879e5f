using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Replication;

/// <summary>What a pull has received and what came of it, in total. Not safe for use by several threads at once.</summary>
internal sealed class PullTotals
{
    private readonly VerdictTally _verdicts = new();
    private long _recordBytes; // of data
    private long _newBytes; // of data that was stored

    /// <summary>The verdicts of all records and malformed elements.</summary>
    public VerdictCounts Verdicts => _verdicts.ToCounts();

    /// <summary>The number of bytes received, before decompression.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>
    /// The sum of hashes, modulo 2^64, of the elements whose signature was not found valid: malformed, rejected, superseded or too early. The sum of a second reading of the same list
    /// is the same, unless an element was damaged on the way.
    /// </summary>
    public ulong UnverifiedDigest { get; private set; }

    /// <summary>Where the last response came from.</summary>
    public PeerSource? Source { get; private set; }

    /// <summary>The number of failed signature checks.</summary>
    public int FailedChecks { get; private set; }

    /// <summary>The time at which the first of the records that were too early becomes due, in milliseconds since the Unix epoch.</summary>
    public long? EarliestDue { get; private set; }

    /// <summary>
    /// Whether at least half of what was received was stored as new. The bytes received count as well as those of the records, so that a peer cannot send padding.
    /// </summary>
    public bool IsMostlyNew => _newBytes > 0 && 2 * _newBytes >= Math.Max(_recordBytes, BytesReceived);

    /// <summary>Adds what a response had, or a part of it.</summary>
    public void AddReceived(long bytes, PeerSource? source)
    {
        BytesReceived += bytes;
        Source = source ?? Source;
    }

    /// <summary>Adds a page that was processed.</summary>
    public void Add(PeerPage page, BatchResult result)
    {
        UnverifiedDigest += page.MalformedDigest;
        foreach (var (reason, count) in page.Malformed)
            _verdicts.AddRejected(reason, count);
        for (var i = 0; i < result.Verdicts.Count; i++)
        {
            var verdict = result.Verdicts[i];
            _verdicts.Add(verdict);
            _recordBytes += page.Linktrees[i].Data.Length;
            if (verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced)
                _newBytes += page.Linktrees[i].Data.Length;
            else if (verdict.Kind is VerdictKind.Rejected or VerdictKind.Superseded or VerdictKind.NotYetValid)
                UnverifiedDigest += (ulong)LinktreeChecksum.Compute(page.Linktrees[i]);
        }

        if (result.EarliestDue is { } due)
            EarliestDue = Math.Min(EarliestDue ?? long.MaxValue, due);
        FailedChecks += result.FailedChecks;
    }
}
