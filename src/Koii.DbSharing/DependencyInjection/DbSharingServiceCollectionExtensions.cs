using Koii.DbSharing;
using Koii.DbSharing.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the sharing of a task's data to an application.</summary>
public static class DbSharingServiceCollectionExtensions
{
    /// <summary>Makes the section of the task that is added without a name.</summary>
    private static readonly Func<IServiceProvider, OptionsSection> DefaultSection = provider =>
        new OptionsSection(Options.Options.DefaultName, provider.GetService<IConfiguration>()?.GetSection(OptionsSection.DefaultName));

    /// <summary>
    /// Adds a task whose options come from <c>Configure&lt;DbSharingOptions&gt;</c> and from the section
    /// <c>DbSharing</c> of the configuration.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks>
    /// <para>It adds the replication engine and its services over HTTP; a store is chosen on the builder, with
    /// <c>UseSqlite</c>, <c>UsePostgreSql</c>, <c>UseInMemory</c> or <c>UseStore</c>. Each service is added only where
    /// none is registered yet, and a later registration of the application replaces it. Calling it twice is
    /// safe.</para>
    /// <para>Invalid options, settings that are unknown or cannot be converted, and a missing store cause one
    /// <see cref="OptionsValidationException"/> that lists all errors: when the host starts, or, without a host, when
    /// the engine is first resolved.</para>
    /// <para>The section is read where an <see cref="IConfiguration"/> is registered, as every host does. Its
    /// subsection <c>Endpoints</c> belongs to the package Koii.DbSharing.AspNetCore.</para>
    /// </remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services)
    {
        var builder = AddTask(services, Options.Options.DefaultName);
        // Not TryAddEnumerable, which takes the section of a named task for this one.
        if (!services.Any(service => !service.IsKeyedService && ReferenceEquals(service.ImplementationFactory, DefaultSection)))
        {
            services.Add(ServiceDescriptor.Singleton<IConfigureOptions<DbSharingOptions>, OptionsSection>(DefaultSection));
            services.Add(ServiceDescriptor.Singleton<IValidateOptions<DbSharingOptions>, OptionsSection>(DefaultSection));
        }

        return builder;
    }

    /// <summary>Adds a task whose options are set in code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, <see cref="DbSharingOptions.TaskId"/> at least.</param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks>
    /// <para>It adds the replication engine and its services over HTTP; a store is chosen on the builder, with
    /// <c>UseSqlite</c>, <c>UsePostgreSql</c>, <c>UseInMemory</c> or <c>UseStore</c>. Each service is added only where
    /// none is registered yet, and a later registration of the application replaces it. Calling it twice is safe and
    /// applies both settings.</para>
    /// <para>Invalid options and a missing store cause one <see cref="OptionsValidationException"/> that lists
    /// all errors: when the host starts, or, without a host, when the engine is first resolved.</para>
    /// </remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, Action<DbSharingOptions> configure) =>
        AddTask(services, Options.Options.DefaultName, configure);

    /// <summary>Adds a task whose options are a section of the configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The section; of a whole configuration, its section <c>DbSharing</c>.</param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks><inheritdoc cref="AddDbSharing(IServiceCollection)" path="/remarks/para[position() &lt; 3]"/></remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, IConfiguration configuration) =>
        AddTask(services, Options.Options.DefaultName, configuration);

    /// <summary>
    /// Adds one of several tasks of a process, whose options come from <c>Configure&lt;DbSharingOptions&gt;</c> with
    /// its name.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">
    /// The task's name in this process: the key of its services and the name of its options. Not empty.
    /// </param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks>
    /// <inheritdoc cref="AddDbSharing(IServiceCollection, Action{DbSharingOptions})" path="/remarks/para"/>
    /// </remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return AddTask(services, name);
    }

    /// <summary>Adds one of several tasks of a process, whose options are set in code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">
    /// The task's name in this process: the key of its services and the name of its options. Not empty.
    /// </param>
    /// <param name="configure">Sets the options, <see cref="DbSharingOptions.TaskId"/> at least.</param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks>
    /// <inheritdoc cref="AddDbSharing(IServiceCollection, Action{DbSharingOptions})" path="/remarks/para"/>
    /// </remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, string name, Action<DbSharingOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return AddTask(services, name, configure);
    }

    /// <summary>Adds one of several tasks of a process, whose options are a section of the configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">
    /// The task's name in this process: the key of its services and the name of its options. Not empty.
    /// </param>
    /// <param name="configuration">The section; of a whole configuration, its section <c>DbSharing</c>.</param>
    /// <returns>The builder that chooses the store and other services.</returns>
    /// <remarks><inheritdoc cref="AddDbSharing(IServiceCollection)" path="/remarks/para[position() &lt; 3]"/></remarks>
    public static IDbSharingBuilder AddDbSharing(this IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return AddTask(services, name, configuration);
    }

    private static DbSharingBuilder AddTask(IServiceCollection services, string name, Action<DbSharingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = AddTask(services, name);
        services.Configure(name, configure);
        return builder;
    }

    private static DbSharingBuilder AddTask(IServiceCollection services, string name, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var builder = AddTask(services, name);
        var isRoot = configuration is IConfigurationRoot;
        var section = new OptionsSection(name, isRoot ? configuration.GetSection(OptionsSection.DefaultName) : configuration);
        services.AddSingleton<IConfigureOptions<DbSharingOptions>>(section);
        services.AddSingleton<IValidateOptions<DbSharingOptions>>(section);
        return builder;
    }

    private static DbSharingBuilder AddTask(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<DbSharingOptions>(name).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DbSharingOptions>, DbSharingOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DbSharingOptions>, StoreChoiceValidator>());
        services.TryAddSingleton(TimeProvider.System);

        services.TryAdd(TaskServices.Describe(name, (provider, options) => new HttpTransport(
            options, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILoggerFactory>())));
        services.TryAdd(TaskServices.Describe(name, (provider, _) => provider.GetTaskService<HttpTransport>(name).NodeDirectory));
        services.TryAdd(TaskServices.Describe(name, (provider, _) => provider.GetTaskService<HttpTransport>(name).PeerClient));
        services.TryAdd(TaskServices.Describe<ISignatureVerifier>(name, (_, _) => new Ed25519SignatureVerifier()));
        services.TryAdd(TaskServices.Describe(name, (provider, options) => new ReplicationEngine(
            provider.GetTaskService<INodeDirectory>(name),
            provider.GetTaskService<IPeerClient>(name),
            provider.GetTaskService<ISignatureVerifier>(name),
            provider.GetTaskService<ILinktreeStore>(name),
            options,
            new ReplicationEngineServices
            {
                TimeProvider = provider.GetRequiredService<TimeProvider>(),
                LoggerFactory = provider.GetService<ILoggerFactory>(),
                Reconciler = provider.FindTaskService<IPeerReconciler>(name),
                Policy = provider.FindTaskService<IAdmissionPolicy>(name),
                Lease = provider.FindTaskService<IReplicationLease>(name),
            })));
        services.TryAdd(TaskServices.Describe<IReplicationEngine>(name, (provider, _) => provider.GetTaskService<ReplicationEngine>(name)));
        services.TryAdd(TaskServices.Describe(name, (provider, _) => new LinktreeResponder(provider.GetTaskService<ReplicationEngine>(name))));
        return new DbSharingBuilder(services, name);
    }
}
