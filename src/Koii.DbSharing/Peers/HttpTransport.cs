using System.Net;
using Koii.DbSharing.Http;
using Koii.DbSharing.Logging;
using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing;

/// <summary>
/// The library's connections to other nodes: a node directory and a peer client over HTTP, for a
/// <see cref="ReplicationEngine"/> that is made without a container. <c>AddDbSharing</c> makes the same.
/// </summary>
/// <remarks>
/// <para>The HTTP clients are the library's own and do not come from an <c>IHttpClientFactory</c>: most peers are
/// strangers, and what an application configures for its HTTP clients (access tokens, retries, service discovery) must
/// not reach them. They follow no redirects, use no proxy and no cookies, and send no trace headers. Peers of the node
/// list are called at public addresses only, unless <see cref="DbSharingOptions.AllowPrivateAddresses"/> is set.</para>
/// <para>All members may be used by many threads at once. Dispose of it when no engine uses it any more; requests that
/// are still under way then fail.</para>
/// </remarks>
public sealed class HttpTransport : IDisposable
{
    private readonly HttpClient _listedClient;
    private readonly HttpClient _namedClient;

    /// <summary>Makes the directory and the client of a task. Nothing is connected before the first call.</summary>
    /// <param name="options">The settings of the task. They are read here; later changes have no effect.</param>
    /// <param name="timeProvider">
    /// The clock of all limits. <see cref="PeerLimits.ConnectTimeout"/> runs on the system's clock too. Default: the system's.
    /// </param>
    /// <param name="loggerFactory">The loggers. Default: no logging.</param>
    /// <exception cref="ArgumentException">Options are out of their bounds; the message names every one.</exception>
    public HttpTransport(DbSharingOptions options, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        DbSharingOptionsValidator.ThrowIfInvalid(options, nameof(options));
        timeProvider ??= TimeProvider.System;
        loggerFactory = new NonThrowingLoggerFactory(loggerFactory);

        var connector = new HostConnector(options.PeerLimits.ConnectTimeout, timeProvider);
        var guard = new PeerAddressGuard(options.AllowPrivateAddresses, connector);
        _listedClient = CreateClient(CreateHandler(options.PeerLimits, guard.ConnectAsync));
        _namedClient = CreateClient(CreateHandler(options.PeerLimits, connector.ConnectAsync));
        PeerClient = new HttpPeer(_listedClient, _namedClient, guard, options, timeProvider, loggerFactory.CreateLogger<HttpPeer>());
        NodeDirectory = CreateDirectory(options, timeProvider, loggerFactory);
    }

    /// <summary>
    /// The nodes that the service at <see cref="DbSharingOptions.ServiceUrl"/> lists, those in
    /// <see cref="DbSharingOptions.Nodes"/>, or the union of both.
    /// </summary>
    public INodeDirectory NodeDirectory { get; }

    /// <summary>
    /// Reads peers over HTTP. It implements <see cref="IPeerReconciler"/> too, so that an engine exchanges only what
    /// differs with peers that support it.
    /// </summary>
    public IPeerClient PeerClient { get; }

    /// <summary>Closes all connections.</summary>
    public void Dispose()
    {
        _listedClient.Dispose();
        _namedClient.Dispose();
    }

    internal static HttpClient CreateClient(SocketsHttpHandler handler) =>
        // The limits run on the injected clock, in the callers.
        new(handler) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Makes the handler of every request to a peer or to the service that lists them.</summary>
    /// <param name="limits">The limits of a peer.</param>
    /// <param name="connect">
    /// Makes the connections: <see cref="PeerAddressGuard.ConnectAsync"/> for peers of the node list, and
    /// <see cref="HostConnector.ConnectAsync(SocketsHttpConnectionContext, CancellationToken)"/> where the operator named the addresses.
    /// </param>
    internal static SocketsHttpHandler CreateHandler(
        PeerLimits limits, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new()
        {
            // A redirect could lead a node into its own network, and a proxy from the environment could resolve names
            // past the guard.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // Bodies are decompressed where the bytes before and after are counted.
            AutomaticDecompression = DecompressionMethods.None,
            // Of the connection with TLS, on the clock of the machine. The connector has the limit itself on the injected one; it ends
            // first, because it tells a name that does not resolve from an address that does not answer.
            ConnectTimeout = limits.ConnectTimeout + TimeSpan.FromMilliseconds(500),
            MaxResponseHeadersLength = 64,
            // A body that was not read to its end is not of use: closing the connection costs less than reading the
            // rest.
            MaxResponseDrainSize = 0,
            // Longer than the pause between rounds, so that a round uses the connections of the one before with the
            // default interval.
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            // Names are resolved again after this time.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // Trace ids are not sent to strangers.
            ActivityHeadersPropagator = null,
            ConnectCallback = connect,
        };

    // Without nodes in the options the service is the only source, and its absence is worth a warning; with them there
    // may be no service.
    private INodeDirectory CreateDirectory(DbSharingOptions options, TimeProvider timeProvider, ILoggerFactory loggerFactory)
    {
        var named = new StaticNodeDirectory(options.Nodes.Select(NodeAddress.Parse));
        if (options.Nodes.Count > 0 && string.IsNullOrEmpty(options.ServiceUrl))
            return named;
        var service = new HttpNodeDirectory(_namedClient, options, timeProvider, loggerFactory.CreateLogger<HttpNodeDirectory>());
        return options.Nodes.Count == 0 ? service : new CompositeNodeDirectory(service, named);
    }
}
