using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Validates the connection settings of an application and creates data sources from them.</summary>
internal static class DataSources
{
    private const string Example = "Write \"Host=localhost;Database=linktrees;Username=node;Password=…\".";

    /// <summary>Returns a data source of the application if a store and a lease can use its connections.</summary>
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
                throw new ArgumentException($"The connection string does not name a host. {Example}", nameof(connectionString));
            RequireSessions(settings, nameof(connectionString));
            settings.ApplicationName ??= "Koii.DbSharing";
            settings.Pooling &= pooling;

            // A store changes no settings of a session, and a reset would discard the plans of its functions each time.
            settings.NoResetOnClose = true;
            return NpgsqlDataSource.Create(settings);
        }
        catch (Exception wrong)
            when (wrong is ArgumentException { ParamName: not nameof(connectionString) } or FormatException or InvalidOperationException)
        {
            // Without the string itself, which may contain a password.
            throw new ArgumentException(
                $"The connection string is not one of Npgsql ({wrong.Message}). {Example}", nameof(connectionString), wrong);
        }
    }

    /// <summary>
    /// A batch that waits for a lock would delay all statements that share its session, and a lease belongs to a
    /// session.
    /// </summary>
    private static void RequireSessions(NpgsqlConnectionStringBuilder settings, string parameter)
    {
        if (settings.Multiplexing)
        {
            throw new ArgumentException(
                "With multiplexing, statements share a session, which neither the store nor the lease supports. Remove \"Multiplexing=true\".",
                parameter);
        }
    }
}
