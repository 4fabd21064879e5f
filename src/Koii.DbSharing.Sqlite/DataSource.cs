using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Finds the file that a connection string names, as Microsoft.Data.Sqlite and SQLite do, and rejects what a store cannot use.
/// </summary>
internal static class DataSource
{
    private const string UriPrefix = "file:";

    private const string DataDirectoryName = "DataDirectory";

    private const string DataDirectoryMacro = "|DataDirectory|";

    private const string ReasonAgainstSharedCache = "With a shared cache, readers and the writer would block each other.";

    private const string ReasonAgainstVfs = "A store uses SQLite's own access to files.";

    private const string InMemory =
        "The SQLite store uses several connections, and a database in memory belongs to one connection. "
        + "Name a file, as in \"Data Source=linktrees.db\", or call UseInMemory.";

    /// <summary>
    /// Replaces the data source by the full path of the file, so that it does not depend on the working directory of a later call, and
    /// by no URI.
    /// </summary>
    /// <exception cref="ArgumentException">The connection string does not name a file, or has a setting that a store cannot use.</exception>
    internal static void Resolve(SqliteConnectionStringBuilder builder)
    {
        var source = builder.DataSource;
        if (builder.Mode == SqliteOpenMode.Memory || source.Length == 0 || source.Equals(":memory:", StringComparison.OrdinalIgnoreCase))
            throw Rejected(InMemory);
        if (builder.Mode == SqliteOpenMode.ReadOnly)
            throw Rejected("A store writes. Remove \"Mode=ReadOnly\" from the connection string.");
        if (builder.Cache == SqliteCacheMode.Shared)
            throw Rejected($"{ReasonAgainstSharedCache} Remove \"Cache=Shared\" from the connection string.");
        if (!string.IsNullOrEmpty(builder.Vfs))
            throw Rejected($"{ReasonAgainstVfs} Remove \"Vfs={builder.Vfs}\" from the connection string.");

        if (!string.IsNullOrEmpty(builder.Password))
            throw Rejected("The SQLite of a store does not encrypt. Remove \"Password\" from the connection string, and encrypt the disk instead.");

        builder.DataSource = source.StartsWith(UriPrefix, StringComparison.OrdinalIgnoreCase)
            ? ResolveUri(source, builder)
            : Path.GetFullPath(InDataDirectory(source));
    }

    private static string InDataDirectory(string source)
    {
        var directory = AppDomain.CurrentDomain.GetData(DataDirectoryName) as string;
        if (source.StartsWith(DataDirectoryMacro, StringComparison.InvariantCultureIgnoreCase))
        {
            if (string.IsNullOrEmpty(directory))
            {
                throw Rejected(
                    $"'{source}' is in the directory that AppDomain.CurrentDomain.GetData(\"{DataDirectoryName}\") returns, and it returns none. "
                    + $"Set it with SetData, or write the path of the file, as in \"Data Source={Path.GetFullPath("linktrees.db")}\".");
            }

            return Path.Combine(directory, source[DataDirectoryMacro.Length..]);
        }

        return string.IsNullOrEmpty(directory) || Path.IsPathRooted(source) ? source : Path.Combine(directory, source);
    }

    private static string ResolveUri(string source, SqliteConnectionStringBuilder builder)
    {
        var uri = source[UriPrefix.Length..];
        if (uri.IndexOf('#', StringComparison.Ordinal) is >= 0 and var fragment)
            uri = uri[..fragment];
        var end = uri.IndexOf('?', StringComparison.Ordinal);
        var path = PathOf(end < 0 ? uri : uri[..end], source);
        foreach (var parameter in end < 0 ? [] : uri[(end + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var separator = parameter.IndexOf('=', StringComparison.Ordinal);
            var name = Uri.UnescapeDataString(separator < 0 ? parameter : parameter[..separator]);
            var value = separator < 0 ? "" : Uri.UnescapeDataString(parameter[(separator + 1)..]);
            switch (name, value)
            {
                case ("mode", "rw"):
                    builder.Mode = SqliteOpenMode.ReadWrite;
                    break;
                case ("mode", "rwc") or ("cache", "private"):
                    break;
                case ("mode", "memory"):
                    throw Rejected(InMemory);
                default:
                    throw Rejected($"\"{name}={value}\" cannot be used in '{source}'. {ReasonAgainst(name)} Write \"Data Source={path}\".");
            }
        }

        return path == ":memory:" ? throw Rejected(InMemory) : Path.GetFullPath(path);
    }

    private static string PathOf(string hierarchy, string source)
    {
        if (hierarchy.StartsWith("//", StringComparison.Ordinal))
        {
            var start = hierarchy.IndexOf('/', 2);
            var host = start < 0 ? hierarchy[2..] : hierarchy[2..start];
            if (host.Length > 0 && host != "localhost")
            {
                throw Rejected(
                    $"'{source}' names the host '{host}', and SQLite opens files of this machine only. "
                    + "Write three slashes before a path from the root, as in \"Data Source=file:///srv/linktrees.db\".");
            }

            hierarchy = start < 0 ? "" : hierarchy[start..];
        }

        var path = Uri.UnescapeDataString(hierarchy);
        if (path.Length == 0)
            throw Rejected(InMemory);
        return OperatingSystem.IsWindows() && path is ['/', _, ':', ..] ? path[1..] : path;
    }

    private static string ReasonAgainst(string parameter) => parameter switch
    {
        "mode" or "immutable" => "A store writes.",
        "cache" => ReasonAgainstSharedCache,
        "nolock" => "Without locks, two connections would damage the file.",
        "vfs" => ReasonAgainstVfs,
        _ => "A store does not use this parameter.",
    };

    private static ArgumentException Rejected(string message) => new(message);
}
