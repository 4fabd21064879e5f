using System.Diagnostics;
using System.Globalization;

namespace Koii.DbSharing.Sqlite.Tests.Crash;

/// <summary>A process that puts batches until it is killed.</summary>
internal static class KilledWriter
{
    private static readonly TimeSpan Hangs = TimeSpan.FromMinutes(20);

    /// <summary>Starts the process and kills it after a number of acknowledgments.</summary>
    /// <param name="connectionString">The file that it writes.</param>
    /// <param name="seed">The seed of the batches.</param>
    /// <param name="first">The number of its first batch.</param>
    /// <param name="acknowledgments">
    /// How many are awaited. With 0 it is killed between its start and its first batch.
    /// </param>
    /// <param name="delay">How long it runs after them.</param>
    /// <returns>How many batches were acknowledged in all.</returns>
    internal static async Task<int> RunAsync(string connectionString, int seed, int first, int acknowledgments, TimeSpan delay)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments = [typeof(KilledWriter).Assembly.Location, connectionString, Text(seed), Text(first)];
        using var hangs = new CancellationTokenSource(Hangs);
        using var process = Process.Start(new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var error = process.StandardError.ReadToEndAsync(hangs.Token);
            var acknowledged = 0;
            while (acknowledged < acknowledgments)
            {
                var line = await process.StandardOutput.ReadLineAsync(hangs.Token) ?? throw new InvalidOperationException(await error);
                acknowledged += CheckNumber(line, first + acknowledged);
            }

            // The delay decides only where the process is killed; no outcome depends on it.
            await Task.Delay(delay, hangs.Token);
            process.Kill();

            // What it wrote before it was killed is still in the pipe.
            while (await process.StandardOutput.ReadLineAsync(hangs.Token) is { } line)
                acknowledged += CheckNumber(line, first + acknowledged);
            await process.WaitForExitAsync(hangs.Token);
            Assert.That(await error, Is.Empty, "only the kill ended it");
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
        Assert.That(line, Is.EqualTo(Text(expected)));
        return 1;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
