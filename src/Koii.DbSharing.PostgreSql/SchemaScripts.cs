using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Updates a database to the newest schema: runs the numbered scripts after its version in one transaction, in one
/// process at a time.
/// </summary>
internal static class SchemaScripts
{
    private const string ResourcePrefix = "Koii.DbSharing.PostgreSql.Schema.";

    /// <summary>The update may rewrite or trim a large table, and may wait for another process that does.</summary>
    internal const int TimeoutSeconds = 600;

    /// <summary>
    /// The advisory lock that is held during an update: the first 8 bytes of the SHA-256 hash of
    /// <c>koii-dbsharing/schema</c>, since all applications of a database share the numbers of advisory locks.
    /// </summary>
    internal const long LockKey = 8404736907920048546;

    /// <summary>
    /// The number of scripts of version 0.1, whose tables have no successor: a node pulls the records from its peers
    /// again. The numbers of the scripts continue from there.
    /// </summary>
    private const int FormerScripts = 2;

    internal static async Task ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        string[] scripts =
        [
            .. typeof(SchemaScripts).Assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];

        var newest = FormerScripts + scripts.Length;

        // Usually the schema is the newest already, and the lock is not needed.
        if (await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false) == newest)
            return;

        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var rollback = transaction.ConfigureAwait(false);

        // A process that is stopped within the update must not keep the others from opening the database.
        await ExecuteAsync(connection, "SET LOCAL idle_in_transaction_session_timeout = '60s'", cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
        var version = await ReadVersionAsync(connection, cancellationToken).ConfigureAwait(false);
        if (version > newest)
        {
            throw new LinktreeStoreException(
                $"The database '{connection.Database}' has version {version} of the schema koii_dbsharing; this version of Koii.DbSharing.PostgreSql "
                + $"supports up to {newest}. Update the package.");
        }

        if (version is > 0 and <= FormerScripts)
        {
            throw new LinktreeStoreException(
                $"The database '{connection.Database}' has the schema koii_dbsharing of version 0.1 of Koii.DbSharing.PostgreSql, which this version "
                + "does not read. Drop the schema koii_dbsharing or use another database; the node then pulls the records from its peers again.");
        }

        if (version == 0)
            await CreateSchemaAsync(connection, cancellationToken).ConfigureAwait(false);
        foreach (var script in scripts.Skip(version - FormerScripts))
            await ExecuteAsync(connection, await ReadAsync(script, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var update = $"UPDATE koii_dbsharing.schema_version SET version = {newest}";
        await ExecuteAsync(connection, update, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // From the catalog's view: a session caches what to_regclass did not find, even after it has waited for the
        // lock of the session that made it.
        var exists = new NpgsqlCommand(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'koii_dbsharing' AND tablename = 'schema_version')", connection);
        await using var endOfExists = exists.ConfigureAwait(false);
        if (await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            return 0;

        var read = new NpgsqlCommand("SELECT version FROM koii_dbsharing.schema_version", connection);
        await using var endOfRead = read.ConfigureAwait(false);
        return await read.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int version ? version : 0;
    }

    /// <summary>
    /// Uses a schema that an administrator has created for the user; the privilege to create one is then not needed.
    /// </summary>
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
