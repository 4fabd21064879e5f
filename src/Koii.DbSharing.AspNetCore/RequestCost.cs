namespace Koii.DbSharing.AspNetCore;

/// <summary>What a request turned out to cost, for those whose cost is not known from their path: told by who answers, taken by <see cref="RequestGate"/> when all is done.</summary>
internal sealed class RequestCost
{
    /// <summary>How many requests it counts as beyond the one that it is.</summary>
    public int MoreRequests { get; set; }
}
