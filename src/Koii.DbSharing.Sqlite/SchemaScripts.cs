using System.Globalization;

namespace Koii.DbSharing.Sqlite;

/// <summary>Brings a file to the newest schema: the numbered scripts beyond its <c>user_version</c>, in one transaction.</summary>
internal static class SchemaScripts
{
    private const string ResourcePrefix = "Koii.DbSharing.Sqlite.Schema.";

    /// <summary>As in <c>Schema/0001_linktrees.sql</c>.</summary>
    private const long ApplicationId = 0x4B6F6969;

    internal static void Apply(LinktreeConnection connection, string path)
    {
        var scripts = typeof(SchemaScripts).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        connection.Execute("BEGIN IMMEDIATE");
        var version = connection.ReadInt64("PRAGMA user_version");
        if (connection.ReadInt64("PRAGMA application_id") != ApplicationId && (version != 0 || connection.ReadInt64("SELECT count(*) FROM sqlite_schema") != 0))
            throw new LinktreeStoreException($"The database '{path}' belongs to another application. Give the store a file of its own.");
        if (version > scripts.Length)
        {
            throw new LinktreeStoreException(
                $"The database '{path}' has schema version {version} and this version of Koii.DbSharing.Sqlite knows only {scripts.Length}. Update the package, or use the file that it wrote itself.");
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
