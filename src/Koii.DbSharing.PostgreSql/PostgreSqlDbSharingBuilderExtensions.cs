using Koii.DbSharing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Selects the PostgreSQL store and its lease for a task.</summary>
public static class PostgreSqlDbSharingBuilderExtensions
{
    /// <summary>
    /// Stores the task's records in a PostgreSQL database (<see cref="PostgreSqlLinktreeStore"/>), which any number of
    /// processes and tasks may share, and lets one process of the task at a time run its rounds
    /// (<see cref="PostgreSqlReplicationLease"/>).
    /// </summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="connectionString">
    /// A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>.
    /// The database must exist.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder.UsePostgreSql(_ => connectionString);
    }

    /// <summary><inheritdoc cref="UsePostgreSql(IDbSharingBuilder, string)" path="/summary"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="connectionString">
    /// Gets the connection string from the container, for example from the application's configuration. It is called
    /// once for the store and once for the lease, when they are constructed.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, Func<IServiceProvider, string> connectionString)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(connectionString);
        return builder
            .UseStore(
                (services, options) => new PostgreSqlLinktreeStore(
                    connectionString(services),
                    options,
                    services.GetService<TimeProvider>(),
                    logger: services.GetService<ILogger<PostgreSqlLinktreeStore>>()))
            .UseReplicationLease(
                (services, options) => new PostgreSqlReplicationLease(connectionString(services), options, services.GetService<TimeProvider>()));
    }

    /// <summary><inheritdoc cref="UsePostgreSql(IDbSharingBuilder, string)" path="/summary"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="dataSource">
    /// The source of connections. The application owns it: it must not be disposed before the services, and must not
    /// multiplex. With <c>No Reset On Close=true</c> the connections keep the plans of the store's functions, and small
    /// batches take half the time.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return builder.UsePostgreSql(_ => dataSource);
    }

    /// <summary><inheritdoc cref="UsePostgreSql(IDbSharingBuilder, string)" path="/summary"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="dataSource">
    /// Gets a data source from the container: <c>services =&gt;
    /// services.GetRequiredService&lt;NpgsqlDataSource&gt;()</c>. It is called once for the store and once for the
    /// lease, when they are constructed. The application, or the container, owns the data source;
    /// <see cref="UsePostgreSql(IDbSharingBuilder, NpgsqlDataSource)"/> lists what it must provide.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(dataSource);
        return builder
            .UseStore(
                (services, options) => new PostgreSqlLinktreeStore(
                    dataSource(services),
                    options,
                    services.GetService<TimeProvider>(),
                    logger: services.GetService<ILogger<PostgreSqlLinktreeStore>>()))
            .UseReplicationLease(
                (services, options) => new PostgreSqlReplicationLease(dataSource(services), options, services.GetService<TimeProvider>()));
    }
}
