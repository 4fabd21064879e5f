using Koii.DbSharing;
using Koii.DbSharing.DependencyInjection;
using Koii.DbSharing.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the roles of a shared task. Every choice replaces the one before it, so calling twice is safe.</summary>
public static class DbSharingBuilderExtensions
{
    /// <summary>Fills a role, such as <see cref="ILinktreeStore"/> or <c>IPeerClient</c>, for this task.</summary>
    /// <typeparam name="TRole">The role's interface.</typeparam>
    /// <param name="builder">The task.</param>
    /// <param name="factory">Makes the role, once, from the services and the task's validated options. What it makes is disposed of with the services.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="TRole"/> is no interface: a class that was inferred from the factory fills no role.</exception>
    public static IDbSharingBuilder Use<TRole>(this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, TRole> factory)
        where TRole : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        if (!typeof(TRole).IsInterface)
            throw new ArgumentException($"{typeof(TRole).Name} is no role but a class that fills one: write Use<ILinktreeStore>(…) or the like.", nameof(factory));
        builder.Services.Replace(TaskServices.Describe(builder.Name, factory));
        return builder;
    }

    /// <summary>Keeps the records in memory only: for tests, and for nodes that may start empty.</summary>
    /// <param name="builder">The task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseInMemory(this IDbSharingBuilder builder) =>
        builder.Use<ILinktreeStore>((provider, options) => new InMemoryLinktreeStore(options, provider.GetService<TimeProvider>()));

    /// <summary>
    /// Runs a round every <see cref="DbSharingOptions.Interval"/> for as long as the host runs, as a hosted service. A task
    /// without a host calls <see cref="ReplicationEngine.RunAsync"/> or <see cref="ReplicationEngine.ShareAsync"/> itself. A store that cannot be opened
    /// stops the host at its start with a <see cref="LinktreeStoreException"/>.
    /// </summary>
    /// <param name="builder">The task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder AddReplicationService(this IDbSharingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name) = (builder.Services, builder.Name);
        if (services.Any(service => service.ServiceType == typeof(ReplicationService) && Equals(service.ServiceKey, name)))
            return builder;

        services.AddKeyedSingleton(name, (provider, _) => new ReplicationService(
            provider.GetTaskService<ReplicationEngine>(name), provider.GetRequiredService<ILogger<ReplicationService>>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<ReplicationService>(name));
        return builder;
    }
}
