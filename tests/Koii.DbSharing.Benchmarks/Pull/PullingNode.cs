using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>A node with an SQLite file of its own, empty at first, that pulls from the nodes at the URLs.</summary>
internal sealed class PullingNode : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("koii-dbsharing-pull-");
    private readonly ServiceProvider _provider;

    internal PullingNode(int count, IEnumerable<string> urls)
    {
        Count = count;
        var services = new ServiceCollection();
        services.AddDbSharing(options =>
        {
            options.TaskId = ServeCommand.TaskId;
            foreach (var url in urls)
                options.Nodes.Add(url);
            options.AllowPrivateAddresses = true;
            options.MaxRecords = Math.Max(options.MaxRecords, count);
            // A million records take longer than a node would listen to one peer in one round.
            options.PeerLimits.PeerTimeout = TimeSpan.FromMinutes(10);
            // A peer that is not ready yet is retried after one round.
            options.Interval = TimeSpan.FromSeconds(1);
        }).UseSqlite($"Data Source={Path.Combine(_directory.FullName, "linktrees.db")}");
        _provider = services.BuildServiceProvider();
    }

    /// <summary>How many records each peer serves.</summary>
    internal int Count { get; }

    internal ReplicationEngine Engine => _provider.GetRequiredService<ReplicationEngine>();

    internal ILinktreeStore Store => _provider.GetRequiredService<ILinktreeStore>();

    /// <summary>What kept a round from its end, or <see langword="null"/>.</summary>
    internal static string? FailureOf(ReplicationReport report)
    {
        if (report.Outcome != RoundOutcome.Completed)
            return $"The round ended as {report.Outcome}. {string.Join(' ', report.Nodes.Problems)}";
        return report.Peers.Select(peer => peer.Failure).FirstOrDefault(failure => failure is not null)?.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
