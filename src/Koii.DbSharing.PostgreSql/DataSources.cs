using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Makes data sources of the connection strings that applications give.</summary>
internal static class DataSources
{
    private const string Advice = "Write \"Host=localhost;Database=linktrees;Username=node;Password=…\".";

    /// <summary>Takes the data source of an application, if its connections are what a store and a lease need.</summary>
    internal static NpgsqlDataSource Require(NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        RequireSessions(new NpgsqlConnectionStringBuilder(dataSource.ConnectionString), nameof(dataSource));
        return dataSource;
    }

    internal static NpgsqlDataSource Create(string connectionString, bool pooling)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrEmpty(settings.Host))
                throw new ArgumentException($"The connection string names no host. {Advice}", nameof(connectionString));
            RequireSessions(settings, nameof(connectionString));
            settings.ApplicationName ??= "Koii.DbSharing";
            settings.Pooling &= pooling;

            // A store changes no session's settings, and a reset would throw away the plans of its functions each time.
            settings.NoResetOnClose = true;
            return NpgsqlDataSource.Create(settings);
        }
        catch (Exception wrong) when (wrong is ArgumentException { ParamName: not nameof(connectionString) } or FormatException or InvalidOperationException)
        {
            // Without the string itself, which may hold a password.
            throw new ArgumentException($"The connection string is none of Npgsql ({wrong.Message}). {Advice}", nameof(connectionString), wrong);
        }
    }

    /// <summary>A page that waits for its turn would hold up whatever shares its session, and a lease is a session's.</summary>
    private static void RequireSessions(NpgsqlConnectionStringBuilder settings, string parameter)
    {
        if (settings.Multiplexing)
            throw new ArgumentException("Multiplexing lets statements share a session, which neither the store nor the lease can do. Leave it out.", parameter);
    }
}
