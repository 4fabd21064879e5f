using System.Diagnostics.CodeAnalysis;
using Koii.DbSharing;
using Koii.DbSharing.DependencyInjection;
using Koii.DbSharing.Hosting;
using Koii.DbSharing.Logging;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures the services of a shared task.</summary>
/// <remarks>
/// <para>Each call replaces the choice before it, so calling twice is safe. The container makes a service once for the
/// task, and disposes of it.</para>
/// <para>A type that is given as <c>T</c> is made with the services of the container and, where its constructor takes
/// <see cref="DbSharingOptions"/>, with the validated options of the task. A factory gets both. A service of a named
/// task is keyed by that name.</para>
/// </remarks>
public static class DbSharingBuilderExtensions
{
    /// <summary>
    /// Reads peers with a client of your own. The library's HTTP client, and its reconciler with it, is not used then.
    /// </summary>
    /// <typeparam name="T">The class of the peer client.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePeerClient<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, IPeerClient =>
        builder.UsePeerClient(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UsePeerClient{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the peer client from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePeerClient(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, IPeerClient> factory) =>
        builder.Replace(factory);

    /// <summary>
    /// Uses a reconciler of the application, which exchanges only the records that differ. Default: the peer client, if
    /// it implements <see cref="IPeerReconciler"/>.
    /// </summary>
    /// <typeparam name="T">The class of the reconciler.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePeerReconciler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, IPeerReconciler =>
        builder.UsePeerReconciler(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UsePeerReconciler{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the reconciler from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePeerReconciler(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, IPeerReconciler> factory) =>
        builder.Replace(factory);

    /// <summary>
    /// Finds the nodes of the task with a directory of your own. <see cref="DbSharingOptions.ServiceUrl"/> and
    /// <see cref="DbSharingOptions.Nodes"/> are then not used to find nodes.
    /// </summary>
    /// <typeparam name="T">The class of the node directory.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseNodeDirectory<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, INodeDirectory =>
        builder.UseNodeDirectory(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UseNodeDirectory{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the node directory from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseNodeDirectory(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, INodeDirectory> factory) =>
        builder.Replace(factory);

    /// <summary>
    /// Verifies signatures with a verifier of your own. All nodes of a task should verify by the same rule.
    /// </summary>
    /// <typeparam name="T">The class of the verifier.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseSignatureVerifier<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, ISignatureVerifier =>
        builder.UseSignatureVerifier(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UseSignatureVerifier{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the verifier from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseSignatureVerifier(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, ISignatureVerifier> factory) =>
        builder.Replace(factory);

    /// <summary>Keeps the task's records in a store of your own.</summary>
    /// <typeparam name="T">The class of the store.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseStore<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, ILinktreeStore =>
        builder.UseStore(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UseStore{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the store from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseStore(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, ILinktreeStore> factory) =>
        builder.Replace(factory);

    /// <summary>
    /// Lets one of several processes at a time run the rounds of the task. Default: every process runs them.
    /// </summary>
    /// <typeparam name="T">The class of the lease.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseReplicationLease<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, IReplicationLease =>
        builder.UseReplicationLease(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UseReplicationLease{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the lease from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseReplicationLease(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, IReplicationLease> factory) =>
        builder.Replace(factory);

    /// <summary>
    /// Chooses which valid records this node keeps. Default: all. All nodes of a task should have the same policy.
    /// </summary>
    /// <typeparam name="T">The class of the policy.</typeparam>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseAdmissionPolicy<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IDbSharingBuilder builder)
        where T : class, IAdmissionPolicy =>
        builder.UseAdmissionPolicy(TaskServices.CreateInstance<T>);

    /// <summary><inheritdoc cref="UseAdmissionPolicy{T}(IDbSharingBuilder)" path="/summary/node()"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="factory">Makes the policy from the services and the validated options of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseAdmissionPolicy(
        this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, IAdmissionPolicy> factory) =>
        builder.Replace(factory);

    /// <summary>Keeps the records in memory only: for tests, and for nodes that may start empty.</summary>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseInMemory(this IDbSharingBuilder builder) => builder.UseStore<InMemoryLinktreeStore>();

    /// <summary>
    /// Runs a round every <see cref="DbSharingOptions.Interval"/> while the host runs, as a hosted service.
    /// </summary>
    /// <remarks>
    /// A store that cannot be opened stops the host at start with a <see cref="LinktreeStoreException"/>. A task
    /// without a host calls <see cref="ReplicationEngine.RunAsync"/> or <see cref="ReplicationEngine.ShareAsync"/>
    /// instead.
    /// </remarks>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder AddReplicationService(this IDbSharingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name) = (builder.Services, builder.Name);
        if (services.Any(service => service.ServiceType == typeof(ReplicationService) && Equals(service.ServiceKey, name)))
            return builder;

        services.AddKeyedSingleton(name, (provider, _) => new ReplicationService(
            provider.GetTaskService<ReplicationEngine>(name),
            new NonThrowingLoggerFactory(provider.GetService<ILoggerFactory>()).CreateLogger<ReplicationService>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<ReplicationService>(name));
        return builder;
    }

    private static IDbSharingBuilder Replace<TService>(this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, TService> factory)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        builder.Services.Replace(TaskServices.Describe(builder.Name, factory));
        return builder;
    }
}
