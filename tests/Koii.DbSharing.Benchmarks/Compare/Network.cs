using System.Diagnostics;
using System.Text.Json;
using Koii.DbSharing.Benchmarks.Pull;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The process of the peers and that of the node. A contender without HTTP has one process for both and no URL.</summary>
internal sealed class Network(LineProcess server, LineProcess node, string? url) : IDisposable
{
    internal bool IsOneProcess => server == node;

    /// <summary>The list of a peer, if it is served.</summary>
    internal string? ListUrl => url is null ? null : $"{url}/task/{ServeCommand.TaskId}/linktree/all";

    internal Task<Answer> AskServerAsync(string command) => AskAsync(server, command);

    internal Task<Answer> AskNodeAsync(string command) => AskAsync(node, command);

    /// <summary>Measures work of both processes. The work returns how many bytes it received.</summary>
    internal async Task<Cost> MeasureAsync(Func<Task<long>> work)
    {
        var (serverTime, nodeTime) = (server.ProcessorTime, node.ProcessorTime);
        var started = Stopwatch.GetTimestamp();
        var bytes = await work();
        var duration = Stopwatch.GetElapsedTime(started);
        var nodeUsage = new Usage(node.ProcessorTime - nodeTime, node.PeakWorkingSet);
        return new Cost(duration, bytes, nodeUsage, IsOneProcess ? null : new Usage(server.ProcessorTime - serverTime, server.PeakWorkingSet));
    }

    public void Dispose()
    {
        node.Dispose();
        if (!IsOneProcess)
            server.Dispose();
    }

    private static async Task<Answer> AskAsync(LineProcess process, string command)
    {
        var line = await process.AskAsync(command);
        var answer = JsonSerializer.Deserialize<Answer>(line, Answer.Json)
            ?? throw new InvalidOperationException($"The child process answered '{line}'.");
        return answer.Failure is null ? answer : throw new InvalidOperationException(answer.Failure);
    }
}
