using System.Diagnostics;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>A file that this process cannot open for writing until it is disposed.</summary>
internal sealed class ReadOnlyFile : IDisposable
{
    private readonly string _path;

    private ReadOnlyFile(string path) => _path = path;

    public static ReadOnlyFile Make(string path)
    {
        // No mode of a file stops root.
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
        {
            if (!TryChangeAttribute("+i", path))
                Prerequisite.IsMissing("The file system has no immutable files.");
        }
        else
        {
            File.SetAttributes(path, FileAttributes.ReadOnly);
        }

        return new ReadOnlyFile(path);
    }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
            TryChangeAttribute("-i", _path);
        else
            File.SetAttributes(_path, FileAttributes.Normal);
    }

    private static bool TryChangeAttribute(string attribute, string path)
    {
        using var process = Process.Start(new ProcessStartInfo("chattr", [attribute, path]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
