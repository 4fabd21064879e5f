using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks;

/// <summary>A child process that is spoken to in lines. Its errors go to the console, its output to us.</summary>
internal sealed class LineProcess : IDisposable
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private LineProcess(Process process) => _process = process;

    /// <summary>The processor time of all its cores until now.</summary>
    internal TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The most memory that the process ever held, in bytes, its runtime and libraries included.</summary>
    internal long PeakWorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    internal static LineProcess Start(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return new LineProcess(Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' could not be started."));
    }

    /// <summary>This program, started again with another verb.</summary>
    internal static LineProcess StartOwn(params ReadOnlySpan<string> arguments)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo(program);
        // As `dotnet Koii.DbSharing.Benchmarks.dll` the program is the argument.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Start(start);
    }

    /// <summary>Waits for the next line of its output.</summary>
    internal async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The child process ended without an answer.");

    /// <summary>Sends a line and waits for the line that answers it.</summary>
    internal async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await ReadLineAsync();
    }

    /// <summary>Closes its standard input, which is its sign to end, and waits for that.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, and what was written to it last is lost.
        }

        if (!_process.WaitForExit(ExitTimeout))
            _process.Kill();
        _process.Dispose();
    }
}
