namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>A directory of its own for a database, which goes with it.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("koii-dbsharing-");

    public string Path => PathTo("linktrees.db");

    /// <summary>With a time-out for hangs alone: stores that share the file wait for each other as long as a slow disk makes them.</summary>
    public string ConnectionString => $"Data Source={Path};Default Timeout=900";

    public IEnumerable<string> FileNames => _directory.GetFiles().Select(file => file.Name);

    /// <summary>The path of another file beside the database.</summary>
    public string PathTo(string name) => System.IO.Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
