namespace Koii.DbSharing.Sqlite;

/// <summary>Recognizes file systems of other machines, where SQLite's locks and shared memory do not work reliably.</summary>
internal static class NetworkFileSystem
{
    /// <summary>
    /// Returns the name of the network file system that a file is on, such as <c>nfs</c>, or <see langword="null"/> if it is on another
    /// one or its file system is unknown.
    /// </summary>
    internal static string? Find(string path)
    {
        try
        {
            var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(path)! : Path.GetDirectoryName(path)!);
            return drive.DriveType == DriveType.Network ? drive.DriveFormat : null;
        }
        catch (ArgumentException) when (path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return "a share";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
