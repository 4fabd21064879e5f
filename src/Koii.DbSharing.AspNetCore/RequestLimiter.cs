using System.Runtime.InteropServices;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Limits how many requests each client and all clients together make at once and per minute.</summary>
/// <remarks>
/// A request never waits: it is admitted or refused. All limits are checked and charged under one lock, so a refused
/// request holds nothing that another one could use, not even for a moment. Safe for concurrent use.
/// </remarks>
internal sealed class RequestLimiter(DbSharingEndpointOptions options, TimeProvider clock)
{
    /// <summary>The number of clients with a rate of their own. Each takes about 40 bytes.</summary>
    internal const int MaxClients = 65_536;

    // When a permit is released is not known; this is about how long a list takes.
    private static readonly TimeSpan PermitRetryDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly RateTable _requestRates = new(clock, MaxClients);
    private readonly RateTable _listRates = new(clock, MaxClients);

    // Only clients with a request under way have an entry, so AllClients.MaxConcurrentRequests bounds the number of
    // entries.
    private readonly Dictionary<ClientAddress, PermitCount> _permits = [];

    /// <summary>
    /// Takes a permit for a request and charges the rates. The caller returns the permit with <see cref="Release"/>.
    /// </summary>
    /// <param name="client">The client that sent the request.</param>
    /// <param name="isList">Whether the request asks for a list.</param>
    /// <returns>The limit that the request exceeds, or <see langword="null"/> if it is admitted.</returns>
    internal ExceededLimit? Acquire(ClientAddress client, bool isList)
    {
        var clientLimits = LimitsOf(client);
        lock (_lock)
        {
            if (GetDelayUnderLock(client, clientLimits, isList) is var clientDelay && clientDelay > TimeSpan.Zero)
                return new ExceededLimit(IsClientLimit: true, clientDelay);
            if (GetDelayUnderLock(ClientAddress.All, options.AllClients, isList) is var delay && delay > TimeSpan.Zero)
                return new ExceededLimit(IsClientLimit: false, delay);

            TakeUnderLock(client, clientLimits, isList);
            TakeUnderLock(ClientAddress.All, options.AllClients, isList);
            return null;
        }
    }

    /// <summary>Charges the rates with more requests, for a request whose cost is known only when its answer is.</summary>
    /// <param name="client">The client that sent the request.</param>
    /// <param name="requests">The number of requests that it counts as beyond the first.</param>
    internal void Charge(ClientAddress client, int requests)
    {
        lock (_lock)
        {
            _requestRates.Take(client, LimitsOf(client).RequestsPerMinute, requests);
            _requestRates.Take(ClientAddress.All, options.AllClients.RequestsPerMinute, requests);
        }
    }

    /// <summary>Returns the permit of a request that was admitted.</summary>
    /// <param name="client">The client that sent the request.</param>
    /// <param name="isList">Whether the request asked for a list.</param>
    internal void Release(ClientAddress client, bool isList)
    {
        lock (_lock)
        {
            ReleaseUnderLock(client, isList);
            ReleaseUnderLock(ClientAddress.All, isList);
        }
    }

    private RequestLimits LimitsOf(ClientAddress client) => client.IsPrivate ? options.PrivateClient : options.PublicClient;

    private TimeSpan GetDelayUnderLock(ClientAddress client, RequestLimits limits, bool isList)
    {
        var taken = _permits.GetValueOrDefault(client);
        if (taken.Requests >= limits.MaxConcurrentRequests || (isList && taken.Lists >= limits.MaxConcurrentLists))
            return PermitRetryDelay;

        var requestDelay = _requestRates.GetDelay(client, limits.RequestsPerMinute);
        var listDelay = isList ? _listRates.GetDelay(client, limits.ListsPerMinute) : TimeSpan.Zero;
        return listDelay > requestDelay ? listDelay : requestDelay;
    }

    private void TakeUnderLock(ClientAddress client, RequestLimits limits, bool isList)
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrAddDefault(_permits, client, out _);
        taken.Requests++;
        _requestRates.Take(client, limits.RequestsPerMinute);
        if (!isList)
            return;
        taken.Lists++;
        _listRates.Take(client, limits.ListsPerMinute);
    }

    private void ReleaseUnderLock(ClientAddress client, bool isList)
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrNullRef(_permits, client);
        taken.Lists -= isList ? 1 : 0;
        if (--taken.Requests == 0)
            _permits.Remove(client);
    }

    private struct PermitCount
    {
        public int Requests;
        public int Lists;
    }
}
