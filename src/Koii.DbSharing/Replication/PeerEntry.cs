namespace Koii.DbSharing.Replication;

/// <summary>The record of one peer. Timestamps are those of the clock's <see cref="TimeProvider.GetTimestamp"/>.</summary>
internal sealed class PeerEntry
{
    public required PeerReport LastReport { get; set; }

    public DateTimeOffset LastReportAt { get; set; }

    /// <summary>The position in the order of recording.</summary>
    public long Order { get; set; }

    public long? GoodSince { get; set; }

    public int Failures { get; set; }

    public long FailedAt { get; set; }

    /// <summary>The number of answers of all peers at the time of the last failure.</summary>
    public long AnswersAtFailure { get; set; }

    /// <summary>The time of the last answer of the peer that counted as one of a node of this task.</summary>
    public long? AnsweredAt { get; set; }

    public long PausedAt { get; set; }

    /// <summary>How long the peer asked not to be called.</summary>
    public TimeSpan Pause { get; set; }

    public TimeSpan Backoff { get; set; }

    public bool? HasExtension { get; set; }

    public long ExtensionCheckedAt { get; set; }

    public long? ListReadAt { get; set; }

    /// <summary>The time at which the last comparison of the whole set began, if the store had no space for records of it.</summary>
    public long? FullAt { get; set; }

    public string? EntityTag { get; set; }

    public long EntityTagAt { get; set; }

    /// <summary>The tag of the last list that was read to its end, and the digest of its elements whose signature was not found valid.</summary>
    public (string? EntityTag, ulong UnverifiedDigest) LastReading { get; set; }

    public long? EarliestDue { get; set; }
}
