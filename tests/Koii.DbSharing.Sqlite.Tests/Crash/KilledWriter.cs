using System.Diagnostics;
using System.Globalization;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>A process that puts pages, from its start to its violent end.</summary>
internal static class KilledWriter
{
    private static readonly TimeSpan Hangs = TimeSpan.FromMinutes(20);

    /// <summary>Kills the process at a moment after so many acknowledgements.</summary>
    /// <param name="connectionString">The file it writes.</param>
    /// <param name="seed">Which pages.</param>
    /// <param name="first">The page it begins with.</param>
    /// <param name="acknowledgements">How many of them are waited for. With none it is killed anywhere between its start and its first page.</param>
    /// <param name="delay">How long it is left alone after them.</param>
    /// <returns>How many pages were acknowledged in all.</returns>
    internal static async Task<int> RunAsync(string connectionString, int seed, int first, int acknowledgements, TimeSpan delay)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments = [typeof(KilledWriter).Assembly.Location, connectionString, seed.ToString(CultureInfo.InvariantCulture), first.ToString(CultureInfo.InvariantCulture)];
        using var hangs = new CancellationTokenSource(Hangs);
        using var process = Process.Start(new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var error = process.StandardError.ReadToEndAsync(hangs.Token);
            var acknowledged = 0;
            while (acknowledged < acknowledgements)
                acknowledged += CheckNumber(await process.StandardOutput.ReadLineAsync(hangs.Token) ?? throw new InvalidOperationException(await error), first + acknowledged);

            // The only use of the time: it decides where the process is struck, and no outcome depends on it.
            await Task.Delay(delay, hangs.Token);
            process.Kill();

            // What it wrote before it died is still in the pipe.
            while (await process.StandardOutput.ReadLineAsync(hangs.Token) is { } line)
                acknowledged += CheckNumber(line, first + acknowledged);
            await process.WaitForExitAsync(hangs.Token);
            Assert.That(await error, Is.Empty, "it died of the kill and of nothing else");
            return acknowledged;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static int CheckNumber(string line, int expected)
    {
        Assert.That(line, Is.EqualTo(expected.ToString(CultureInfo.InvariantCulture)));
        return 1;
    }
}
