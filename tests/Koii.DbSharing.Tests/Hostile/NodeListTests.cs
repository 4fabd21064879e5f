using Koii.DbSharing.Nodes;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>Node lists that somebody filled.</summary>
public sealed class NodeListTests
{
    [Test]
    public async Task Of_a_hundred_thousand_entries_ten_thousand_are_read_and_a_few_asked()
    {
        var report = await RoundAsync(Enumerable.Range(1, 100_000).Select(number => $"http://node{number}.example"));

        Assert.That(report.Nodes.Nodes, Has.Count.EqualTo(10_000));
        Assert.That(report.Nodes.Problems, Is.EqualTo(new[] { "The node list has more than 10000 elements; the rest was not read." }));
        Assert.That(report.Peers, Has.Count.EqualTo(8));
    }

    [Test]
    public async Task Ten_thousand_entries_of_one_host_are_asked_at_two()
    {
        var report = await RoundAsync(Enumerable.Range(1, 9_998).Select(number => $"http://evil.example:{1 + number % 60_000}/{number}").Concat(["http://a.example", "http://b.example"]));

        Assert.That(report.Peers.Select(peer => peer.Peer.Host), Is.EquivalentTo(new[] { "evil.example", "evil.example", "a.example", "b.example" }));
    }

    [Test]
    public async Task One_host_in_many_spellings_is_one_peer()
    {
        string[] spellings =
        [
            "http://peer.example", "http://peer.example/", "http://PEER.example", "HTTP://peer.example:80", "http://peer.example.", "http://peer.example./", "http://peer.example//",
            "http://peer.example/a/..", "http://peer.example/./", "http://peer%2eexample", "http://peer\u3002example", "http://\uff50eer.example",
        ];

        var report = await RoundAsync(spellings);

        Assert.That(report.Peers.Select(peer => peer.Peer.Host).Distinct().Count(), Is.LessThanOrEqualTo(2), string.Join(' ', report.Peers.Select(peer => peer.Peer)));
        Assert.That(report.Peers.Count(peer => peer.Peer == NodeAddress.Parse("http://peer.example")), Is.EqualTo(1));
    }

    [Test]
    public async Task Own_addresses_are_not_asked_in_any_spelling()
    {
        var report = await RoundAsync(
            ["http://me.example", "http://ME.example:80/", "http://me.example./", "https://me.example:8443/base//", "http://other.example"],
            options =>
            {
                options.OwnUrls.Add("http://me.example/");
                options.OwnUrls.Add("https://Me.example:8443/base");
            });

        Assert.That(report.Peers.Select(peer => peer.Peer.Url), Is.EqualTo(new[] { "http://other.example" }));
    }

    private static async Task<ReplicationReport> RoundAsync(IEnumerable<string> urls, Action<DbSharingOptions>? configure = null)
    {
        var list = $"[{string.Join(',', urls.Select(url => $$$"""{"data":{"url":"{{{url}}}"}}"""))}]";
        await using var service = LoopbackPeer.Serve(("/nodes/task", Answers.Gzipped(Answers.Gzip(list))));
        using var http = LoopbackHttp.CreateClient(new PeerLimits());
        var node = new Node { Options = { ServiceUrl = service.Url } };
        configure?.Invoke(node.Options);
        var directory = new HttpNodeDirectory(http, node.Options, node.Clock, NullLogger<HttpNodeDirectory>.Instance);
        node.Directory.Setup(nodes => nodes.GetNodesAsync(Moq.It.IsAny<CancellationToken>())).Returns((CancellationToken cancellationToken) => directory.GetNodesAsync(cancellationToken));
        return await node.ShareAsync();
    }
}
