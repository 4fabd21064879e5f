using System.Runtime.InteropServices;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Limits how many requests each client and all clients together make at once and per minute.</summary>
/// <remarks>
/// A request never waits: it is admitted or refused. The limits of one call are checked and charged under one lock, so a
/// refused request holds nothing that another one could use, not even for a moment. Safe for concurrent use.
/// </remarks>
internal sealed class RequestLimiter(DbSharingEndpointOptions options, TimeProvider clock)
{
    /// <summary>The number of clients with a rate of their own. Each takes about 40 bytes.</summary>
    internal const int MaxClients = 65_536;

    /// <summary>When a permit is released is not known; this is about how long a list takes.</summary>
    internal static readonly TimeSpan PermitRetryDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly RateTable _requestRates = new(clock, MaxClients);
    private readonly RateTable _listRates = new(clock, MaxClients);

    // Only clients with a permit have an entry, so AllClients.MaxConcurrentRequests bounds the number of entries.
    private readonly Dictionary<ClientAddress, PermitCount> _permits = [];
    private readonly Dictionary<ulong, PermitCount> _permitsOfSites = [];

    /// <summary>
    /// Takes a permit for a request without a body and charges the rates. The caller returns the permit with
    /// <see cref="Release"/>.
    /// </summary>
    /// <param name="client">The client that sent the request.</param>
    /// <param name="isList">Whether the request asks for a list.</param>
    /// <returns>The limit that the request exceeds, or <see langword="null"/> if it is admitted.</returns>
    internal ExceededLimit? Acquire(ClientAddress client, bool isList)
    {
        lock (_lock)
        {
            if ((FindExceededPermits(client, isList) ?? FindExceededRate(client, isList)) is { } exceeded)
                return exceeded;
            TakeRates(client, isList);
            TakePermits(client, isList);
            return null;
        }
    }

    /// <summary>Charges the rates for a request with a body, before the body is read.</summary>
    /// <param name="client">The client that sent the request.</param>
    /// <returns>The rate that the request exceeds, or <see langword="null"/> if its body may be read.</returns>
    internal ExceededLimit? AcquireRate(ClientAddress client)
    {
        lock (_lock)
        {
            if (FindExceededRate(client, isList: false) is { } exceeded)
                return exceeded;
            TakeRates(client, isList: false);
            return null;
        }
    }

    /// <summary>
    /// Takes a permit for a request whose body has arrived. The caller returns it with <see cref="Release"/>.
    /// </summary>
    /// <param name="client">The client that sent the request.</param>
    /// <returns>The limit that the request exceeds, or <see langword="null"/> if it is admitted.</returns>
    internal ExceededLimit? AcquirePermit(ClientAddress client)
    {
        lock (_lock)
        {
            if (FindExceededPermits(client, isList: false) is { } exceeded)
                return exceeded;
            TakePermits(client, isList: false);
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
            Release(_permits, client, isList);
            Release(_permits, ClientAddress.All, isList);
            if (client.Site is { } site)
                Release(_permitsOfSites, site, isList);
        }
    }

    private static void Release<TKey>(Dictionary<TKey, PermitCount> permits, TKey key, bool isList)
        where TKey : notnull
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrNullRef(permits, key);
        taken.Lists -= isList ? 1 : 0;
        if (--taken.Requests == 0)
            permits.Remove(key);
    }

    private static void Take<TKey>(Dictionary<TKey, PermitCount> permits, TKey key, bool isList)
        where TKey : notnull
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrAddDefault(permits, key, out _);
        taken.Requests++;
        taken.Lists += isList ? 1 : 0;
    }

    private static bool HasNoPermit(PermitCount taken, RequestLimits limits, bool isList) =>
        taken.Requests >= limits.MaxConcurrentRequests || (isList && taken.Lists >= limits.MaxConcurrentLists);

    private RequestLimits LimitsOf(ClientAddress client) => client.IsPrivate ? options.PrivateClient : options.PublicClient;

    // The methods below run under the lock.
    private ExceededLimit? FindExceededPermits(ClientAddress client, bool isList)
    {
        if (HasNoPermit(_permits.GetValueOrDefault(client), LimitsOf(client), isList) || HasNoPermitOfItsSite(client, isList))
            return new ExceededLimit(IsClientLimit: true, PermitRetryDelay);
        return HasNoPermit(_permits.GetValueOrDefault(ClientAddress.All), options.AllClients, isList)
            ? new ExceededLimit(IsClientLimit: false, PermitRetryDelay)
            : null;
    }

    // One host may have a /48, which is 65,536 clients. The permits that are left when it has a quarter are for others.
    private bool HasNoPermitOfItsSite(ClientAddress client, bool isList)
    {
        if (client.Site is not { } site)
            return false;
        var (all, own) = (_permits.GetValueOrDefault(ClientAddress.All), _permitsOfSites.GetValueOrDefault(site));
        return IsBeyondItsShare(all.Requests, own.Requests, options.AllClients.MaxConcurrentRequests)
            || (isList && IsBeyondItsShare(all.Lists, own.Lists, options.AllClients.MaxConcurrentLists));

        static bool IsBeyondItsShare(int all, int own, int? limit) => 4L * all >= 3L * limit && 4L * own >= limit;
    }

    private ExceededLimit? FindExceededRate(ClientAddress client, bool isList)
    {
        if (GetRateDelay(client, LimitsOf(client), isList) is var clientDelay && clientDelay > TimeSpan.Zero)
            return new ExceededLimit(IsClientLimit: true, clientDelay);
        return GetRateDelay(ClientAddress.All, options.AllClients, isList) is var delay && delay > TimeSpan.Zero
            ? new ExceededLimit(IsClientLimit: false, delay)
            : null;
    }

    private TimeSpan GetRateDelay(ClientAddress client, RequestLimits limits, bool isList)
    {
        var requestDelay = _requestRates.GetDelay(client, limits.RequestsPerMinute);
        var listDelay = isList ? _listRates.GetDelay(client, limits.ListsPerMinute) : TimeSpan.Zero;
        return listDelay > requestDelay ? listDelay : requestDelay;
    }

    private void TakeRates(ClientAddress client, bool isList)
    {
        foreach (var (address, limits) in new[] { (client, LimitsOf(client)), (ClientAddress.All, options.AllClients) })
        {
            _requestRates.Take(address, limits.RequestsPerMinute);
            if (isList)
                _listRates.Take(address, limits.ListsPerMinute);
        }
    }

    private void TakePermits(ClientAddress client, bool isList)
    {
        Take(_permits, client, isList);
        Take(_permits, ClientAddress.All, isList);
        if (client.Site is { } site)
            Take(_permitsOfSites, site, isList);
    }

    private struct PermitCount
    {
        public int Requests;
        public int Lists;
    }
}
