using Koii.DbSharing;


namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the SQLite store for a shared task.</summary>
public static class SqliteDbSharingBuilderExtensions
{
    /// <summary>Keeps the task's records in an SQLite file. Several tasks may share one file.</summary>
    /// <param name="builder">The task.</param>
    /// <param name="connectionString">
    /// A connection string of Microsoft.Data.Sqlite that names a file, such as <c>Data Source=linktrees.db</c>. Its directory must exist, the file need not.
    /// </param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseSqlite(this IDbSharingBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder.Use<ILinktreeStore>((provider, options) => new SqliteLinktreeStore(connectionString, options, provider.GetService<TimeProvider>()));
    }
}
