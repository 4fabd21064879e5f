using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Brings a database to the newest schema: the numbered scripts beyond its version, in one transaction and one process at a time.</summary>
internal static class SchemaScripts
{
    private const string ResourcePrefix = "Koii.DbSharing.PostgreSql.Schema.";

    /// <summary>Opening may have to rewrite or trim a large table, and to wait for another process that does.</summary>
    internal const int TimeoutSeconds = 600;

    internal static async Task ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var scripts = typeof(SchemaScripts).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();

        // Most often there is nothing to do, and no lock to wait for.
        if (await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false) == scripts.Length)
            return;

        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var rollback = transaction.ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({AdvisoryKeys.Schema})", cancellationToken).ConfigureAwait(false);
        var version = await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false);
        if (version > scripts.Length)
        {
            throw new LinktreeStoreException(
                $"The database '{connection.Database}' has version {version} of the schema koii_dbsharing and this version of Koii.DbSharing.PostgreSql knows only {scripts.Length}. Update the package.");
        }

        if (version == 0)
            await CreateSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
        foreach (var script in scripts.Skip(version))
            await ExecuteAsync(connection, await ReadAsync(script, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"UPDATE koii_dbsharing.schema_version SET version = {scripts.Length}", cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Asked of the catalog as of a table. A session remembers what to_regclass did not find, even where it has waited for the lock while another made it.
        var exists = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'koii_dbsharing' AND tablename = 'schema_version')", connection);
        await using var endOfExists = exists.ConfigureAwait(false);
        if (await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            return 0;

        var read = new NpgsqlCommand("SELECT version FROM koii_dbsharing.schema_version", connection);
        await using var endOfRead = read.ConfigureAwait(false);
        return await read.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int version ? version : 0;
    }

    /// <summary>A schema that an administrator has made for the role is used; the right to make one is then not needed.</summary>
    private static Task CreateSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => ExecuteAsync(
        connection,
        """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'koii_dbsharing') THEN
                CREATE SCHEMA koii_dbsharing;
            END IF;
        END $$;
        CREATE TABLE IF NOT EXISTS koii_dbsharing.schema_version (version integer NOT NULL);
        INSERT INTO koii_dbsharing.schema_version SELECT 0 WHERE NOT EXISTS (SELECT FROM koii_dbsharing.schema_version);
        """,
        cancellationToken);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        await using var end = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<string> ReadAsync(string script, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(typeof(SchemaScripts).Assembly.GetManifestResourceStream(script)!);
        return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
    }
}
