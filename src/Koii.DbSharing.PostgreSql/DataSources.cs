using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Validates the connection settings of an application and creates data sources from them.</summary>
internal static class DataSources
{
    private const string GssEncryptionMode = "Gss Encryption Mode";

    private const string HostRecheckSeconds = "Host Recheck Seconds";

    private const string Example = "Write \"Host=localhost;Database=linktrees;Username=node;Password=…\".";

    private static readonly HashSet<string> WritableTargets =
        new(["any", "primary", "read-write", "prefer-primary"], StringComparer.OrdinalIgnoreCase);

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
            RequirePrimary(settings, nameof(connectionString));
            settings.ApplicationName ??= "Koii.DbSharing";
            settings.Pooling &= pooling;

            // By default the driver asks each server for encryption by GSSAPI first, which most servers reject and log.
            if (!settings.ShouldSerialize(GssEncryptionMode))
                settings.GssEncryptionMode = Npgsql.GssEncryptionMode.Disable;

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

    /// <summary>Opens a connection. Several hosts of which none is suitable are a failure of the connection.</summary>
    internal static async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        try
        {
            return await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException failure)
            when (failure is { InnerException: null } and not PostgresException && dataSource is NpgsqlMultiHostDataSource)
        {
            // The driver knows from an earlier attempt that no host is the primary, and looks again after a while.
            throw new NpgsqlException("none of the hosts can be used", new IOException(failure.Message, failure));
        }
    }

    /// <summary>
    /// A node writes, so of several hosts it uses the primary. The driver accepts the setting for several hosts only; a
    /// single host that is read-only is reported by the first call that writes.
    /// </summary>
    private static void RequirePrimary(NpgsqlConnectionStringBuilder settings, string parameter)
    {
        if (settings.TargetSessionAttributes is { } target && !WritableTargets.Contains(target))
        {
            throw new ArgumentException(
                $"The node writes, so it cannot use a server with \"Target Session Attributes={target}\". Write \"primary\" or remove the setting.",
                parameter);
        }

        if (!settings.Host!.Contains(',', StringComparison.Ordinal))
        {
            settings.TargetSessionAttributes = null;
            return;
        }

        settings.TargetSessionAttributes ??= "primary";
        if (!settings.ShouldSerialize(HostRecheckSeconds))
            settings.HostRecheckSeconds = 1;
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
