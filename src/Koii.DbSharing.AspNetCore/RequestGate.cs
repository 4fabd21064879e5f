using System.Runtime.InteropServices;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Lets requests in as far as the limits go. Nobody waits here: whoever is too many is told when to come again.</summary>
/// <remarks>
/// ASP.NET's limiters are not used: they measure by the machine's own clock and keep a partition, with a limiter in it, for every address that ever asked until a timer finds
/// it idle. Here a stranger costs a few words of memory, and only so many strangers do.
/// </remarks>
internal sealed class RequestGate(DbSharingEndpointOptions options, TimeProvider clock)
{
    /// <summary>How many clients have a rate of their own. About 40 bytes each.</summary>
    internal const int MaxClients = 65_536;

    // When a place gets free is not known; this is about how long a list takes.
    private static readonly TimeSpan UntilPlacesChange = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly ClientRates _requests = new(clock, MaxClients);
    private readonly ClientRates _lists = new(clock, MaxClients);

    // Of clients with requests under way only, so there are never more than places for all.
    private readonly Dictionary<ClientAddress, Places> _taken = [];

    /// <summary>Asks for a place, to be given back with <see cref="Leave"/>.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="isList">Whether the request is for a list.</param>
    /// <param name="retryAfter">When it is worth asking again, if there is none; more than zero.</param>
    internal GateAnswer Enter(ClientAddress client, bool isList, out TimeSpan retryAfter)
    {
        var own = LimitsOf(client);
        lock (_lock)
        {
            if (TryFindObstacle(client, own, isList, out retryAfter))
                return GateAnswer.TooManyOfClient;
            if (TryFindObstacle(ClientAddress.Everybody, options.AllClients, isList, out retryAfter))
                return GateAnswer.Busy;
            Take(client, own, isList);
            Take(ClientAddress.Everybody, options.AllClients, isList);
            return GateAnswer.Entered;
        }
    }

    /// <summary>Gives a place back, and counts what the request turned out to cost.</summary>
    /// <param name="client">Who asked.</param>
    /// <param name="isList">Whether the request was for a list.</param>
    /// <param name="moreRequests">How many requests it counts as beyond the one that it is.</param>
    internal void Leave(ClientAddress client, bool isList, int moreRequests = 0)
    {
        lock (_lock)
        {
            Charge(client, LimitsOf(client), moreRequests);
            Charge(ClientAddress.Everybody, options.AllClients, moreRequests);
            GiveBack(client, isList);
            GiveBack(ClientAddress.Everybody, isList);
        }
    }

    private RequestLimits LimitsOf(ClientAddress client) => client.IsPrivate ? options.PrivateClient : options.PublicClient;

    private bool TryFindObstacle(ClientAddress client, RequestLimits limits, bool isList, out TimeSpan retryAfter)
    {
        retryAfter = UntilPlacesChange;
        var taken = _taken.GetValueOrDefault(client);
        if (taken.Requests >= limits.MaxConcurrentRequests || (isList && taken.Lists >= limits.MaxConcurrentLists))
            return true;

        var wait = limits.RequestsPerMinute is { } requests ? _requests.GetWait(client, requests) : TimeSpan.Zero;
        if (isList && limits.ListsPerMinute is { } lists && _lists.GetWait(client, lists) is var listWait && listWait > wait)
            wait = listWait;
        retryAfter = wait;
        return wait > TimeSpan.Zero;
    }

    private void Take(ClientAddress client, RequestLimits limits, bool isList)
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrAddDefault(_taken, client, out _);
        taken.Requests++;
        Charge(client, limits, 1);
        if (!isList)
            return;
        taken.Lists++;
        if (limits.ListsPerMinute is { } lists)
            _lists.Take(client, lists);
    }

    private void Charge(ClientAddress client, RequestLimits limits, int requests)
    {
        if (requests > 0 && limits.RequestsPerMinute is { } perMinute)
            _requests.Take(client, perMinute, requests);
    }

    private void GiveBack(ClientAddress client, bool isList)
    {
        ref var taken = ref CollectionsMarshal.GetValueRefOrNullRef(_taken, client);
        taken.Lists -= isList ? 1 : 0;
        if (--taken.Requests == 0)
            _taken.Remove(client);
    }

    private struct Places
    {
        public int Requests;
        public int Lists;
    }
}
