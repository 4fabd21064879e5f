using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>The sample node, which was built beside this program, in a process of its own. It believes the addresses that we forward.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    internal const string TaskId = "load";

    private readonly Process _process;
    private readonly Task _output;

    private NodeProcess(Process process, string url, Task output) => (_process, Url, _output) = (process, url, output);

    internal string Url { get; }

    internal long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    internal static async Task<NodeProcess> StartAsync(string folder, string connectionString)
    {
        // …/tests/<project>/bin/<configuration>/<framework>/ and …/samples/LinktreeNode/bin/<configuration>/<framework>/
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var configuration = framework.Parent!;
        var root = configuration.Parent!.Parent!.Parent!.Parent!.FullName;
        var assembly = Path.Combine(root, "samples", "LinktreeNode", "bin", configuration.Name, framework.Name, "LinktreeNode.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { assembly, "--urls=http://127.0.0.1:0", $"--DbSharing:TaskId={TaskId}", "--Store:Provider=Sqlite", $"--Store:ConnectionString={connectionString}" },
            Environment = { ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true" },
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The node could not be started.");
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            const string Listening = "Now listening on:";
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var position)
                return new NodeProcess(process, line[(position + Listening.Length)..].Trim(), process.StandardOutput.BaseStream.CopyToAsync(Stream.Null));
        }

        throw new InvalidOperationException("The node ended before it listened.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await _output;
        _process.Dispose();
    }
}
