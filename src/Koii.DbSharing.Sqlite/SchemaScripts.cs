using System.Globalization;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Updates a file to the newest schema: runs the numbered scripts after its <c>user_version</c> in one transaction.
/// </summary>
internal static class SchemaScripts
{
    private const string ResourcePrefix = "Koii.DbSharing.Sqlite.Schema.";

    /// <summary>The <c>application_id</c> that <c>Schema/0001_tables.sql</c> sets.</summary>
    internal const long ApplicationId = 0x4B6F6932;

    private const long ApplicationIdOfVersion01 = 0x4B6F6969;

    internal static void Apply(StoreConnection connection, string path)
    {
        string[] scripts =
        [
            .. typeof(SchemaScripts).Assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
        connection.Execute("BEGIN IMMEDIATE");
        var version = connection.ReadInt64("PRAGMA user_version");
        var isNew = version == 0 && connection.ReadInt64("SELECT count(*) FROM sqlite_schema") == 0;
        var application = isNew ? ApplicationId : connection.ReadInt64("PRAGMA application_id");
        if (application == ApplicationIdOfVersion01)
        {
            throw new LinktreeStoreException(
                $"The database '{path}' was created by version 0.1 of Koii.DbSharing.Sqlite, whose schema this version does not read. "
                + "Give the store another file; it gets the records from the other nodes.");
        }

        if (application != ApplicationId)
            throw new LinktreeStoreException($"The database '{path}' belongs to another application. Give the store a file of its own.");
        if (version > scripts.Length)
        {
            throw new LinktreeStoreException(
                $"The database '{path}' has schema version {version}; this version of Koii.DbSharing.Sqlite supports up to {scripts.Length}. "
                + "Update the package, or use a file that this version has created.");
        }

        foreach (var script in scripts.Skip((int)version))
            connection.ExecuteScript(Read(script));
        if (version < scripts.Length)
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {scripts.Length}"));
        connection.Commit();
    }

    private static string Read(string script)
    {
        using var reader = new StreamReader(typeof(SchemaScripts).Assembly.GetManifestResourceStream(script)!);
        return reader.ReadToEnd();
    }
}
