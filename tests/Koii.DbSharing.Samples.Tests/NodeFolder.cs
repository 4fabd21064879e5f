using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>A folder in which a node keeps its database, deleted with the test.</summary>
internal sealed class NodeFolder : IDisposable
{
    public const string TaskId = "Task1";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("linktree-node-");

    /// <summary>Environment variables that a node starts with, in addition to those of the test.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string ConnectionString => $"Data Source={Path.Combine(_directory.FullName, "node.db")}";

    /// <summary>The names of the files in the folder.</summary>
    public IEnumerable<string> FileNames => _directory.EnumerateFiles().Select(file => file.Name);

    /// <summary>Starts a node that serves and shares until it is disposed of.</summary>
    public async Task<(ChildProcess Process, string Url)> ServeAsync(params IEnumerable<string> arguments)
    {
        var process = Start(["--urls=http://127.0.0.1:0", .. Settings, .. arguments]);
        return (process, await process.ReadLineAfterAsync("Now listening on:"));
    }

    /// <summary>Runs a node for a single round.</summary>
    public Task<(int ExitCode, string Output, string Error)> ShareOnceAsync(params IEnumerable<string> arguments) =>
        RunAsync(["--Share:Once=true", .. Settings, .. arguments]);

    /// <summary>Runs a node with nothing but these settings, to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var process = Start(arguments);
        return await process.EndAsync();
    }

    /// <summary>The records in the database.</summary>
    public async Task<IReadOnlyList<SignedLinktree>> HeldAsync()
    {
        await using var store = new SqliteLinktreeStore(ConnectionString, new DbSharingOptions { TaskId = TaskId });
        return (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true })).Linktrees;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    // A peer is a process that has just started; on a busy machine it may be slow.
    private string[] Settings =>
    [
        $"--DbSharing:TaskId={TaskId}", "--DbSharing:AllowPrivateAddresses=true", "--Store:Provider=Sqlite", $"--Store:ConnectionString={ConnectionString}",
        .. new[] { "Connect", "Headers", "Idle", "Peer" }.Select(limit => $"--DbSharing:PeerLimits:{limit}Timeout=01:00:00"),
    ];

    private ChildProcess Start(IEnumerable<string> arguments) => Programs.StartSample("LinktreeNode", _directory.FullName, arguments, Environment);
}
