using Koii.DbSharing;
using Koii.DbSharing.DependencyInjection;
using Koii.DbSharing.Nodes;
using Koii.DbSharing.Peers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the sharing of a task's data to an application.</summary>
public static class DbSharingServiceCollectionExtensions
{
    /// <summary>
    /// Adds the replication engine and its roles over HTTP; a store is chosen on the returned builder, with <c>UseSqlite</c>, <c>UsePostgreSql</c> or <c>UseInMemory</c>.
    /// Every role is only added where none is registered yet, and a later registration of the application's own wins.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, <see cref="DbSharingOptions.TaskId"/> at least.</param>
    /// <returns>The builder on which the store and other roles are chosen.</returns>
    /// <remarks>
    /// Wrong options, and a missing store, are an <see cref="OptionsValidationException"/> that names every error: when the host starts, or,
    /// without a host, when the engine is first asked for. Calling it twice is safe and applies both <paramref name="configure"/> actions.
    /// </remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, Action<DbSharingOptions> configure) =>
        AddTask(services, Options.Options.DefaultName, configure);

    /// <summary>Adds one of several tasks to a process, each with its own engine, roles and options.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The task's name in this process: the key of its services and the name of its options. Not empty.</param>
    /// <param name="configure">Sets the options, <see cref="DbSharingOptions.TaskId"/> at least.</param>
    /// <returns>The builder on which the store and other roles are chosen.</returns>
    /// <remarks><inheritdoc cref="AddDbSharing(IServiceCollection, Action{DbSharingOptions})" path="/remarks"/></remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, string name, Action<DbSharingOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return AddTask(services, name, configure);
    }

    private static DbSharingBuilder AddTask(IServiceCollection services, string name, Action<DbSharingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        services.AddOptions<DbSharingOptions>(name).Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DbSharingOptions>, DbSharingOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DbSharingOptions>, StoreChoiceValidator>());
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);

        // Whom the operator named, and whom the node list did: only the latter are guarded.
        var (namedClient, listedClient) = ($"Koii.DbSharing/{name}/named", $"Koii.DbSharing/{name}/listed");
        services.TryAdd(TaskServices.Describe(name, (_, options) => new PeerAddressGuard(options.AllowPrivateAddresses)));
        AddHttpClient(services, namedClient, name, _ => null);
        AddHttpClient(services, listedClient, name, provider => provider.GetTaskService<PeerAddressGuard>(name));
        services.TryAdd(TaskServices.Describe(name, (provider, options) => new PeerConnections(
            ClientSource(provider, listedClient), ClientSource(provider, namedClient), provider.GetTaskService<PeerAddressGuard>(name), options)));

        services.TryAdd(TaskServices.Describe<ISignatureVerifier>(name, (_, _) => new Ed25519SignatureVerifier()));
        services.TryAdd(TaskServices.Describe<INodeDirectory>(name, (provider, options) => NodeDirectory(provider, options, namedClient)));
        services.TryAdd(TaskServices.Describe<IPeerClient>(name, (provider, options) => new HttpPeerClient(
            provider.GetTaskService<PeerConnections>(name), options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HttpPeerClient>>())));
        services.TryAdd(TaskServices.Describe<IPeerReconciler>(name, (provider, options) => new HttpPeerReconciler(
            provider.GetTaskService<PeerConnections>(name), options, provider.GetRequiredService<TimeProvider>())));
        services.TryAdd(TaskServices.Describe(name, (provider, options) => new ReplicationEngine(
            provider.GetTaskService<INodeDirectory>(name),
            provider.GetTaskService<IPeerClient>(name),
            provider.GetTaskService<ISignatureVerifier>(name),
            provider.GetTaskService<ILinktreeStore>(name),
            options,
            new ReplicationEngineServices
            {
                TimeProvider = provider.GetRequiredService<TimeProvider>(),
                LoggerFactory = provider.GetRequiredService<ILoggerFactory>(),
                Reconciler = Reconciler(provider, name),
                Policy = provider.FindTaskService<IAdmissionPolicy>(name),
                Lease = provider.FindTaskService<IReplicationLease>(name),
            })));
        services.TryAdd(TaskServices.Describe(name, (provider, _) => new LinktreeResponder(provider.GetTaskService<ReplicationEngine>(name))));
        return new DbSharingBuilder(services, name);
    }

    // Whoever plays the network by a client of its own has not asked for another part of it to be dialled.
    private static IPeerReconciler? Reconciler(IServiceProvider provider, string name) =>
        provider.GetTaskService<IPeerReconciler>(name) is var reconciler && reconciler is HttpPeerReconciler && provider.GetTaskService<IPeerClient>(name) is not HttpPeerClient
            ? null
            : reconciler;

    // The factory's own loggers write four Information lines a request, every twenty seconds for every peer. Its rotation of handlers is off: ours renews its
    // connections itself.
    private static void AddHttpClient(IServiceCollection services, string clientName, string name, Func<IServiceProvider, PeerAddressGuard?> guard) =>
        services.AddHttpClient(clientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => PeerHttp.CreateHandler(provider.GetTaskOptions(name).PeerLimits, guard(provider)))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();

    private static Func<HttpClient> ClientSource(IServiceProvider provider, string clientName)
    {
        var factory = provider.GetRequiredService<IHttpClientFactory>();
        return () => factory.CreateClient(clientName);
    }

    // Without static nodes the service is the only source, and its absence is worth a warning; with them it may simply not exist.
    private static INodeDirectory NodeDirectory(IServiceProvider provider, DbSharingOptions options, string clientName)
    {
        var fixedNodes = new StaticNodeDirectory(options.Nodes.Select(NodeAddress.Parse));
        if (options.Nodes.Count > 0 && string.IsNullOrEmpty(options.ServiceUrl))
            return fixedNodes;

        var service = new HttpNodeDirectory(
            ClientSource(provider, clientName), options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HttpNodeDirectory>>());
        return options.Nodes.Count == 0 ? service : new CompositeNodeDirectory(service, fixedNodes);
    }
}
