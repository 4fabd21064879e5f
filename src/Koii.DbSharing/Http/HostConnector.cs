using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.Http;

/// <summary>
/// Connects to hosts within the connect time-out. Of a host with several addresses, the next one is tried while the one before does not
/// answer (RFC 8305, "Happy Eyeballs"). Safe for use by many threads.
/// </summary>
/// <remarks>
/// A resolver or a socket that ignores cancellation is abandoned when the time is over: its result is discarded when it comes.
/// </remarks>
internal sealed class HostConnector
{
    /// <summary>
    /// How many addresses of a host are tried: a name with hundreds must not make this node connect to all of them.
    /// </summary>
    public const int AddressesPerHost = 4;

    /// <summary>How long an address is tried alone before the next one is tried beside it (RFC 8305 §8).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    private const int MaxRememberedAddresses = 4_096;

    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly ResolveHost _resolve;
    private readonly ConnectSocket _connect;

    private readonly Lock _lock = new();
    private readonly Dictionary<DnsEndPoint, IPAddress> _lastAddresses = [];

    /// <summary>Initializes a connector.</summary>
    /// <param name="timeout">The longest time to resolve a name and to connect.</param>
    /// <param name="clock">The clock of that time.</param>
    /// <param name="resolve">Finds the addresses of a host. Default: the system's resolver.</param>
    /// <param name="connect">Connects to an address. Default: over TCP.</param>
    public HostConnector(TimeSpan timeout, TimeProvider clock, ResolveHost? resolve = null, ConnectSocket? connect = null)
    {
        (_timeout, _clock) = (timeout, clock);
        (_resolve, _connect) = (resolve ?? ResolveBySystemAsync, connect ?? ConnectByTcpAsync);
    }

    /// <summary>Finds the addresses of a host, in the order in which they should be tried.</summary>
    public delegate ValueTask<IReadOnlyList<IPAddress>> ResolveHost(string host, CancellationToken cancellationToken);

    /// <summary>Connects to an address.</summary>
    public delegate ValueTask<Stream> ConnectSocket(IPEndPoint address, CancellationToken cancellationToken);

    /// <summary>Gets the address that a host was last connected at, or <see langword="null"/>.</summary>
    public IPAddress? GetLastAddress(DnsEndPoint endPoint)
    {
        lock (_lock)
            return _lastAddresses.GetValueOrDefault(endPoint);
    }

    /// <summary>Connects to a host at any of its addresses.</summary>
    /// <exception cref="ConnectionFaultException">The time is over.</exception>
    /// <exception cref="SocketException">The name is unknown, or none of the addresses accepts a connection.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(context.DnsEndPoint, static addresses => addresses, static _ => true, cancellationToken).ConfigureAwait(false);
        return connection?.Stream ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Connects to a host at one of its allowed addresses.</summary>
    /// <param name="endPoint">The host.</param>
    /// <param name="select">Selects the allowed addresses. Its exceptions are those of the method.</param>
    /// <param name="mayTry">Decides about an address at the moment at which it would be tried.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The connection and its address, or <see langword="null"/> if no address was tried.</returns>
    /// <exception cref="ConnectionFaultException">The time is over.</exception>
    /// <exception cref="SocketException">The name is unknown, or no address that was tried accepts a connection.</exception>
    public async ValueTask<(Stream Stream, IPAddress Address)?> ConnectAsync(
        DnsEndPoint endPoint,
        Func<IReadOnlyList<IPAddress>, IReadOnlyList<IPAddress>> select,
        Func<IPAddress, bool> mayTry,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var fault = TransferFault.ResolveTimeout;
        try
        {
            var found = await ResolveAsync(endPoint.Host, ending.Token).ConfigureAwait(false);
            fault = TransferFault.ConnectTimeout;
            var addresses = Interleave(select([.. found.Select(ToIPv4)]));
            return await ConnectToFirstAsync(endPoint, addresses, mayTry, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // By the caller too: the HTTP stack cancels only when its own connect time-out is over.
            throw new ConnectionFaultException(fault);
        }
    }

    private async ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        var resolving = _resolve(host, cancellationToken).AsTask();
        try
        {
            return await resolving.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!resolving.IsCompleted)
                Discard(resolving);
        }
    }

    /// <summary>
    /// Tries the addresses one after another, each when the one before has failed or <see cref="AttemptDelay"/> after it, and returns
    /// the first connection. The other attempts are canceled.
    /// </summary>
    private async ValueTask<(Stream Stream, IPAddress Address)?> ConnectToFirstAsync(
        DnsEndPoint endPoint, IEnumerable<IPAddress> addresses, Func<IPAddress, bool> mayTry, CancellationToken cancellationToken)
    {
        using var attempts = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new Queue<IPAddress>(addresses);
        var running = new Dictionary<Task, IPAddress>();
        Exception? failure = null;
        try
        {
            while (true)
            {
                if (TryTakeNext(waiting, mayTry) is { } address)
                    running.Add(_connect(new IPEndPoint(address, endPoint.Port), attempts.Token).AsTask(), address);
                else if (running.Count == 0)
                    return failure is null ? null : throw failure;

                var ended = await WhenEndedAsync(running.Keys, waiting.Count > 0, attempts.Token).ConfigureAwait(false);
                if (ended is null)
                    continue;
                running.Remove(ended, out var tried);
                if (ended is Task<Stream> { IsCompletedSuccessfully: true } connected)
                {
                    Remember(endPoint, tried!);
                    return (await connected.ConfigureAwait(false), tried!);
                }

                failure = ended.Exception?.InnerException ?? new SocketException((int)SocketError.OperationAborted);
            }
        }
        finally
        {
            attempts.Cancel();
            foreach (var attempt in running.Keys)
                Discard(attempt);
        }
    }

    private static IPAddress? TryTakeNext(Queue<IPAddress> waiting, Func<IPAddress, bool> mayTry)
    {
        while (waiting.TryDequeue(out var address))
        {
            if (mayTry(address))
                return address;
        }

        return null;
    }

    /// <summary>Waits for the end of an attempt, or until the next address is to be tried.</summary>
    /// <returns>The attempt that ended, or <see langword="null"/> if the next address is to be tried.</returns>
    private async ValueTask<Task?> WhenEndedAsync(IEnumerable<Task> running, bool hasNext, CancellationToken cancellationToken)
    {
        var ended = Task.WhenAny(running);
        if (hasNext)
        {
            using var delay = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(ended, Task.Delay(AttemptDelay, _clock, delay.Token)).ConfigureAwait(false);
            delay.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            return ended.IsCompleted ? await ended.ConfigureAwait(false) : null;
        }

        var attempt = await ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return attempt;
    }

    /// <summary>Orders the addresses so that the families alternate, from that of the first one on (RFC 8305 §4), and takes a few.</summary>
    private static IEnumerable<IPAddress> Interleave(IReadOnlyList<IPAddress> addresses) => addresses
        .GroupBy(address => address.AddressFamily)
        .SelectMany((family, number) => family.Select((address, index) => (address, index, number)))
        .OrderBy(entry => entry.index).ThenBy(entry => entry.number)
        .Select(entry => entry.address)
        .Take(AddressesPerHost);

    private static IPAddress ToIPv4(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private void Remember(DnsEndPoint endPoint, IPAddress address)
    {
        lock (_lock)
        {
            // All at once, so that a node list of ever new names cannot make it grow.
            if (_lastAddresses.Count >= MaxRememberedAddresses)
                _lastAddresses.Clear();
            _lastAddresses[endPoint] = address;
        }
    }

    /// <summary>Closes the connection of an abandoned attempt, and observes its exception.</summary>
    private static void Discard(Task abandoned) => abandoned.ContinueWith(
        static ended =>
        {
            if (ended is Task<Stream> { IsCompletedSuccessfully: true } connected)
                connected.Result.Dispose();
            else
                _ = ended.Exception;
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    // The system's resolver may block its thread for as long as a name server does not answer. On threads of the pool, a few such names
    // would delay everything else in the process.
    private static async ValueTask<IReadOnlyList<IPAddress>> ResolveBySystemAsync(string host, CancellationToken cancellationToken) =>
        await Task.Factory.StartNew(
            static name => Dns.GetHostAddresses((string)name!),
            host,
            cancellationToken,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default).ConfigureAwait(false);

    private static async ValueTask<Stream> ConnectByTcpAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
