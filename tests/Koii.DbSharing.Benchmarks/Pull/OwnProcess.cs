using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>This program, started again with another verb. Its errors go to the console, its output to us.</summary>
internal sealed class OwnProcess : IDisposable
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private OwnProcess(Process process) => _process = process;

    internal static OwnProcess Start(params ReadOnlySpan<string> arguments)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // As `dotnet Koii.DbSharing.Benchmarks.dll` the program is the argument.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return new OwnProcess(Process.Start(start) ?? throw new InvalidOperationException($"'{program}' could not be started."));
    }

    /// <summary>Waits for the line that the verb answers with.</summary>
    internal async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The child process ended without an answer.");

    /// <summary>Closes its standard input, which is its sign to end, and waits for that.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(ExitTimeout))
            _process.Kill();
        _process.Dispose();
    }
}
