using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>How often a disk confirms: what is called durable waits for it once a page at least.</summary>
internal static class DiskProbe
{
    private const int Bytes = 4096;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.5);

    /// <summary>Appends of 4 KiB a second, each with an fsync of its own.</summary>
    internal static double MeasureFsyncs(DirectoryInfo folder)
    {
        using var file = File.OpenHandle(Path.Combine(folder.FullName, "probe"), FileMode.Create, FileAccess.Write, options: FileOptions.DeleteOnClose);
        var bytes = new byte[Bytes];
        var start = Stopwatch.GetTimestamp();
        var appended = 0;
        while (Stopwatch.GetElapsedTime(start) < Duration)
        {
            RandomAccess.Write(file, bytes, (long)appended++ * Bytes);
            RandomAccess.FlushToDisk(file);
        }

        return appended / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
