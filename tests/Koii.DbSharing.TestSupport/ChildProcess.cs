using System.Diagnostics;
using System.Text;

namespace Koii.DbSharing.TestSupport;

/// <summary>A process that ends with the test. A test awaits lines of its output, never a time; a process that hangs fails the test.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Hangs = TimeSpan.FromMinutes(20);

    private readonly Process _process;
    private readonly CancellationTokenSource _hangs = new(Hangs);
    private readonly Task<string> _error;

    private ChildProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync(_hangs.Token);
    }

    /// <summary>The id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program, with variables beside those of the test's own environment.</summary>
    public static ChildProcess Start(string file, string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (variable, value) in environment ?? [])
            start.Environment[variable] = value;
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Starts a .NET assembly.</summary>
    public static ChildProcess StartAssembly(
        string assembly, string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null) =>
        Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, [assembly, .. arguments], environment);

    /// <summary>Starts the assembly of a test that is also a program.</summary>
    public static ChildProcess StartAssemblyOf<TTest>(params IEnumerable<string> arguments) =>
        StartAssembly(typeof(TTest).Assembly.Location, AppContext.BaseDirectory, arguments);

    /// <summary>Writes a line to the standard input of the process.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), _hangs.Token);
        await _process.StandardInput.FlushAsync(_hangs.Token);
    }

    /// <summary>Waits for the next line of its output; <see langword="null"/> when it has ended.</summary>
    public async Task<string?> TryReadLineAsync() => await _process.StandardOutput.ReadLineAsync(_hangs.Token);

    /// <summary>Waits for a line that begins with this text and returns the rest of it.</summary>
    public async Task<string> ReadLineAfterAsync(string text)
    {
        var seen = new StringBuilder();
        while (await TryReadLineAsync() is { } line)
        {
            seen.AppendLine(line);
            if (line.TrimStart().StartsWith(text, StringComparison.Ordinal))
                return line.TrimStart()[text.Length..].Trim();
        }

        throw new InvalidOperationException($"The process ended without '{text}'. It wrote: {seen}{await _error}");
    }

    /// <summary>Ends the process at once, as <c>SIGKILL</c> does. Its output can still be read.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Asks the process to end, with <c>SIGTERM</c>.</summary>
    public void Terminate() => Process.Start("kill", ["-TERM", $"{Id}"]).WaitForExit();

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
            Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _hangs.Dispose();
    }
}
