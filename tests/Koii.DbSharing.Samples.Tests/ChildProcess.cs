using System.Diagnostics;
using System.Text;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>A process that lives no longer than the test. Waiting is for lines of its output, never for time; a process that hangs fails the test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Hangs = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly CancellationTokenSource _hangs = new(Hangs);
    private readonly Task<string> _error;

    private ChildProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync(_hangs.Token);
    }

    /// <summary>Starts a sample, which was built beside this assembly, in a folder of the test's.</summary>
    public static ChildProcess StartSample(string name, string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        // …/tests/<project>/bin/<configuration>/<framework>/ and …/samples/<name>/bin/<configuration>/<framework>/
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var configuration = framework.Parent!;
        var root = configuration.Parent!.Parent!.Parent!.Parent!.FullName;
        var assembly = Path.Combine(root, "samples", name, "bin", configuration.Name, framework.Name, $"{name}.dll");
        return Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, [assembly, .. arguments], environment);
    }

    /// <summary>Starts one of the scripts in the folder JavaScript.</summary>
    public static ChildProcess StartScript(string name, params IEnumerable<string> arguments)
    {
        var scripts = Path.Combine(AppContext.BaseDirectory, "JavaScript");
        return Start(TestSupport.NodeJs.RequirePath(), scripts, [Path.Combine(scripts, name), .. arguments]);
    }

    /// <summary>Waits for a line that begins with this text and answers the rest of it.</summary>
    public async Task<string> ReadLineAfterAsync(string text)
    {
        var seen = new StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync(_hangs.Token) is { } line)
        {
            seen.AppendLine(line);
            if (line.TrimStart().StartsWith(text, StringComparison.Ordinal))
                return line.TrimStart()[text.Length..].Trim();
        }

        throw new InvalidOperationException($"The process ended without '{text}'. It wrote: {seen}{await _error}");
    }

    /// <summary>Waits for the end of the process.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(_hangs.Token);
        await _process.WaitForExitAsync(_hangs.Token);
        return (_process.ExitCode, output, await _error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _hangs.Dispose();
    }

    private static ChildProcess Start(string file, string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (variable, value) in environment ?? [])
            start.Environment[variable] = value;
        return new ChildProcess(Process.Start(start)!);
    }
}
