using Koii.DbSharing;
using Npgsql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the PostgreSQL store for a shared task.</summary>
public static class PostgreSqlDbSharingBuilderExtensions
{
    /// <summary>
    /// Keeps the task's records in a PostgreSQL database, which any number of processes and tasks may share, and lets one of a task's processes at a time run its rounds
    /// (<see cref="PostgreSqlReplicationLease"/>).
    /// </summary>
    /// <param name="builder">The task.</param>
    /// <param name="connectionString">
    /// A connection string of Npgsql that names a host, such as <c>Host=localhost;Database=linktrees;Username=node</c>. The database must exist.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder
            .Use<ILinktreeStore>((provider, options) => new PostgreSqlLinktreeStore(connectionString, options, provider.GetService<TimeProvider>()))
            .Use<IReplicationLease>((provider, options) => new PostgreSqlReplicationLease(connectionString, options, provider.GetService<TimeProvider>()));
    }

    /// <summary><inheritdoc cref="UsePostgreSql(IDbSharingBuilder, string)" path="/summary"/></summary>
    /// <param name="builder">The task.</param>
    /// <param name="dataSource">
    /// Where connections come from. It stays the caller's and must outlive the services. It may not multiplex. With <c>No Reset On Close=true</c> the connections keep
    /// the plans of the store's functions, and small pages take half the time.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UsePostgreSql(this IDbSharingBuilder builder, NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return builder
            .Use<ILinktreeStore>((provider, options) => new PostgreSqlLinktreeStore(dataSource, options, provider.GetService<TimeProvider>()))
            .Use<IReplicationLease>((provider, options) => new PostgreSqlReplicationLease(dataSource, options, provider.GetService<TimeProvider>()));
    }
}
