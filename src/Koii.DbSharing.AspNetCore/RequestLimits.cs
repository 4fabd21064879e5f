namespace Koii.DbSharing;

/// <summary>The number of requests that one client, or all clients together, may make per minute and at once.</summary>
/// <remarks>
/// <para><see langword="null"/> means unlimited; other values are 1 to 1,000,000.</para>
/// <para>A list is a <c>GET</c> of <c>/all</c> or <c>/list</c>, the request whose cost grows with the number of records.
/// It counts as a request and as a list. Each rate is a token bucket that holds the requests of one minute and
/// refills continuously. A refused request counts for no limit, except that a request with a body
/// stays charged to the rates if it is refused after its body began to arrive.</para>
/// <para>A request with a body is charged to the rates when it begins, and counts as one at the same time from when its
/// body has arrived. Until then it counts for two bounds of all clients together: 1,024 bodies, and 16 MiB of their bytes that
/// have arrived. At a bound, the slowest body that is older than two seconds is answered with 408 in favor of the new one;
/// where there is none, the new one is answered with 503.</para>
/// <para>A reconciliation counts as one more request for every 16 KiB of its message and answer together: most have less,
/// the largest count as 65.</para>
/// </remarks>
public sealed class RequestLimits
{
    /// <summary>The number of requests per minute.</summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>The number of requests for lists per minute.</summary>
    public int? ListsPerMinute { get; set; }

    /// <summary>The number of requests at the same time.</summary>
    public int? MaxConcurrentRequests { get; set; }

    /// <summary>The number of requests for lists at the same time.</summary>
    public int? MaxConcurrentLists { get; set; }
}
