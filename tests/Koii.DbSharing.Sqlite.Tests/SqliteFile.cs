namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>A temporary directory for a database, deleted with it.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("koii-dbsharing-");

    public string Path => PathTo("linktrees.db");

    /// <summary>
    /// Has a time-out for hangs only: on a slow disk, stores that share the file wait long for each other.
    /// </summary>
    public string ConnectionString => $"Data Source={Path};Default Timeout=900";

    public IEnumerable<string> FileNames => _directory.GetFiles().Select(file => file.Name);

    /// <summary>The path of another file beside the database.</summary>
    public string PathTo(string name) => System.IO.Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
