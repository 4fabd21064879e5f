namespace Koii.DbSharing;

/// <summary>How much may be asked, by one client or by all together. <see langword="null"/> is no limit; everything else is 1 to 1,000,000.</summary>
/// <remarks>
/// A list is a <c>GET</c> of <c>/all</c> or <c>/list</c>: the one request whose cost grows with what the node holds. It counts among the requests and, beside that,
/// among the lists. A rate is a minute's worth that may be used at once and fills again evenly. What is refused for any reason uses up nothing.
/// A reconciliation counts as one request more for every 16 KiB of message and answer together: most have less, the largest count as 65.
/// </remarks>
public sealed class RequestLimits
{
    /// <summary>How many requests a minute.</summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>How many of them may be for lists.</summary>
    public int? ListsPerMinute { get; set; }

    /// <summary>How many requests may be under way at the same time.</summary>
    public int? MaxConcurrentRequests { get; set; }

    /// <summary>How many of them may be for lists.</summary>
    public int? MaxConcurrentLists { get; set; }
}
