using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Nodes with the extension and nodes without it, over sockets.</summary>
public sealed class MixedNetworkTests
{
    [Test]
    public async Task Three_nodes_with_the_extension_and_two_without_converge_and_use_each_sync_step()
    {
        var allNodes = new List<NodeAddress>();
        await using var first = await NewNodeAsync(allNodes);
        await using var second = await NewNodeAsync(allNodes);
        await using var third = await NewNodeAsync(allNodes);
        await using var keyed = await JavaScriptStylePeer.StartAsync(keyed: true);
        await using var bare = await JavaScriptStylePeer.StartAsync(keyed: false);
        TestNode[] newNodes = [first, second, third];
        JavaScriptStylePeer[] oldNodes = [keyed, bare];
        allNodes.AddRange([.. newNodes.Select(AddressOf), .. oldNodes.Select(peer => NodeAddress.Parse(peer.Url))]);

        // The first two have most in common, the third has nothing, and the old ones have something of their own.
        for (byte author = 1; author <= 40; author++)
        {
            var record = RecordOf(author);
            if (author > 2)
                await first.SubmitAsync(record);
            if (author < 39)
                await second.SubmitAsync(record);
        }

        keyed.Hold(JsonNode.Parse(TestNode.RecordJson(RecordOf(41)))!.AsObject());
        bare.Hold(JsonNode.Parse(TestNode.RecordJson(RecordOf(42)))!.AsObject());

        var paths = new HashSet<PeerPath>();
        var rounds = 0;
        var expected = Enumerable.Range(1, 42).Select(author => $"u{author}").ToArray();
        for (var isSame = false; !isSame || !paths.Contains(PeerPath.NotModified); rounds++)
        {
            Assert.That(rounds, Is.LessThan(8), $"after {string.Join(", ", paths)}");
            foreach (var node in newNodes)
            {
                var report = await node.Services.GetRequiredService<ReplicationEngine>().ShareAsync();
                Assert.That(report.Peers, Has.Count.EqualTo(4).And.All.Property(nameof(PeerReport.Failure)).Null);
                paths.UnionWith(report.Peers.Select(peer => peer.Path));
            }

            foreach (var peer in oldNodes)
                await peer.PullAsync(allNodes.Select(address => address.Url).Where(url => url != peer.Url));

            isSame = oldNodes.All(peer => peer.Uuids.Order().SequenceEqual(expected.Order()));
            foreach (var node in newNodes)
                isSame &= (await UuidsAsync(node)).Order().SequenceEqual(expected.Order());
        }

        Assert.That(paths, Is.EquivalentTo(new[] { PeerPath.InSync, PeerPath.Reconciled, PeerPath.FullList, PeerPath.NotModified }));
    }

    private static SignedLinktree RecordOf(byte author) =>
        TestNode.Signed($"u{author}", TestNode.Time + (1_000 * author), author: TestNode.Signer(author));

    private static NodeAddress AddressOf(TestNode node) => NodeAddress.Parse(node.Client.BaseAddress!.ToString());

    private static async Task<IEnumerable<string>> UuidsAsync(TestNode node) =>
        (await node.Services.GetRequiredService<ILinktreeStore>().ListAsync(new LinktreeQuery())).Linktrees.Select(linktree => linktree.Uuid);

    /// <summary>Starts a node whose node list is all nodes but itself.</summary>
    private static async Task<TestNode> NewNodeAsync(List<NodeAddress> allNodes)
    {
        var directory = new OtherNodes(allNodes);
        var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options =>
            {
                options.TaskId = TestNode.TaskId;
                options.AllowPrivateAddresses = true;
                // The connect timeout is on the system clock, on which nothing here shall depend; the other timeouts must
                // not be shorter.
                var limits = options.PeerLimits;
                limits.ConnectTimeout = limits.HeadersTimeout = limits.PeerTimeout = TimeSpan.FromHours(1);
            }).UseInMemory().UseNodeDirectory((_, _) => directory),
            endpoints => endpoints.MapDbSharing(),
            onSocket: true);
        directory.Own = AddressOf(node);
        return node;
    }

    private sealed class OtherNodes(List<NodeAddress> allNodes) : INodeDirectory
    {
        public NodeAddress? Own { get; set; }

        public ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new NodeListing([.. allNodes.Where(address => address != Own)]));
    }
}
