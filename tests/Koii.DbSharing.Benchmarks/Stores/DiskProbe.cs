using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Measures how many writes a disk confirms: a durable batch waits for at least one.</summary>
internal static class DiskProbe
{
    private const int Bytes = 4096;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.5);

    /// <summary>Returns the number of appends of 4 KiB per second, each with an fsync.</summary>
    internal static double MeasureFsyncs(DirectoryInfo folder)
    {
        var path = Path.Combine(folder.FullName, "probe");
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, options: FileOptions.DeleteOnClose);
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
