using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Makes data sources of the connection strings that applications give.</summary>
internal static class DataSources
{
    private const string Advice = "Write \"Host=localhost;Database=linktrees;Username=node;Password=…\".";

    internal static NpgsqlDataSource Create(string connectionString, bool pooling)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrEmpty(settings.Host))
                throw new ArgumentException($"The connection string names no host. {Advice}", nameof(connectionString));
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
}
