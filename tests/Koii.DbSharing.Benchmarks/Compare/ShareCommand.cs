using System.Globalization;
using System.Text.Json;
using Koii.DbSharing.Benchmarks.Pull;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>
/// <c>share &lt;count&gt; held|empty &lt;url&gt;...</c>: a node with an SQLite file, empty or with the records that its peers serve. It runs rounds
/// on <c>share &lt;rounds&gt;</c> and answers <c>digest</c>.
/// </summary>
internal static class ShareCommand
{
    internal const string Verb = "share";

    private const int PageSize = 512;
    private const int MaxAttempts = 60;

    internal static async Task<int> RunAsync(string countText, string state, IReadOnlyList<string> urls)
    {
        await using var node = new PullingNode(int.Parse(countText, NumberStyles.None, CultureInfo.InvariantCulture), urls);
        if (state == Contender.Held)
            await HoldAsync(node, urls.Count);

        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var answer = line.Split(' ') switch
            {
                ["share", var rounds] => await ShareAsync(node.Engine, int.Parse(rounds, CultureInfo.InvariantCulture)),
                ["digest"] => new Answer { Digest = RecordDigest.Of(await ListAsync(node.Store)) },
                _ => throw new InvalidOperationException($"'{line}' is not a command."),
            };
            Console.WriteLine(JsonSerializer.Serialize(answer, Answer.Json));
        }

        return 0;
    }

    /// <summary>Stores what the peers serve, and runs rounds until each peer has answered that it has the same records.</summary>
    private static async Task HoldAsync(PullingNode node, int peers)
    {
        foreach (var page in ProfileRecords.Sign(node.Count).Chunk(PageSize))
            await node.Store.PutAsync(page);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var report = await node.Engine.ShareAsync();
            if (report.Peers.Count == peers && report.Peers.All(peer => peer.Path == PeerPath.InSync))
                return;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        throw new InvalidOperationException("The peers did not become ready.");
    }

    private static async Task<Answer> ShareAsync(ReplicationEngine engine, int rounds)
    {
        var bytes = 0L;
        string? failure = null;
        for (var round = 0; round < rounds; round++)
        {
            var report = await engine.ShareAsync();
            bytes += report.Peers.Sum(peer => peer.BytesReceived);
            failure ??= PullingNode.FailureOf(report);
        }

        return new Answer { Bytes = bytes, Failure = failure };
    }

    private static async Task<List<SignedLinktree>> ListAsync(ILinktreeStore store)
    {
        var records = new List<SignedLinktree>();
        var query = new LinktreeQuery();
        while (true)
        {
            var page = await store.ListAsync(query);
            records.AddRange(page.Linktrees);
            if (page.Next is not { } next)
                return records;
            query = query with { After = next };
        }
    }
}
