using Koii.DbSharing;
using Koii.DbSharing.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Selects the SQLite store for a task.</summary>
public static class SqliteDbSharingBuilderExtensions
{
    /// <summary>
    /// Stores the task's records in an SQLite file (<see cref="SqliteLinktreeStore"/>). Several tasks may share one
    /// file.
    /// </summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="connectionString">
    /// A connection string of Microsoft.Data.Sqlite that names a file, such as <c>Data Source=linktrees.db</c>. The
    /// file's directory must exist.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseSqlite(this IDbSharingBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder.UseSqlite(_ => connectionString);
    }

    /// <summary><inheritdoc cref="UseSqlite(IDbSharingBuilder, string)" path="/summary"/></summary>
    /// <param name="builder">The builder of the task.</param>
    /// <param name="connectionString">
    /// Gets the connection string from the container, for example from the application's configuration. It is called
    /// once, when the store is constructed.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseSqlite(this IDbSharingBuilder builder, Func<IServiceProvider, string> connectionString)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(connectionString);
        AddCheck(builder.Services, builder.Name);
        return builder.UseStore(
            (services, options) => new SqliteLinktreeStore(
                connectionString(services), options, services.GetService<TimeProvider>(), services.GetService<ILogger<SqliteLinktreeStore>>()));
    }

    /// <summary>Checks the file beside serving, in applications that have a host.</summary>
    private static void AddCheck(IServiceCollection services, string name)
    {
        if (services.Any(service => service.ServiceType == typeof(StoreCheckService) && Equals(service.ServiceKey, name)))
            return;

        services.AddKeyedSingleton(name, (provider, _) => new StoreCheckService(
            name.Length == 0 ? provider.GetRequiredService<ILinktreeStore>() : provider.GetRequiredKeyedService<ILinktreeStore>(name),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetService<ILogger<SqliteLinktreeStore>>() ?? NullLogger<SqliteLinktreeStore>.Instance));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<StoreCheckService>(name));
    }
}
