using Koii.DbSharing.Nodes;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A node list: each address is plain and normalized, and occurs once.</summary>
internal sealed class NodeListTarget : FuzzTarget<NodeListReading>
{
    private static readonly ListLimits Limits = new(MaxBytes: 1024 * 1024, MaxElements: 100, MaxElementBytes: 4096);

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.NodeLists.Select(FuzzSeeds.Utf8);

    protected override ValueTask<NodeListReading> ReadAsync(byte[] input) =>
        NodeListReader.ReadAsync(new MemoryStream(input), Limits, CancellationToken.None);

    protected override int Check(byte[] input, NodeListReading reading)
    {
        Assert.That(reading.Nodes, Is.Unique);
        Assert.That(reading.Nodes.Count + reading.Skipped, Is.LessThanOrEqualTo(Limits.MaxElements));
        foreach (var node in reading.Nodes)
        {
            Assert.That(NodeAddress.TryParse(node.Url, out var again), Is.True, node.Url);
            Assert.That(again, Is.EqualTo(node));
            Assert.That(node.Url, Does.Match("^https?://[!-~]+$"));
            var uri = new Uri(node.Url);
            Assert.That((uri.UserInfo, uri.Query, uri.Fragment), Is.EqualTo(("", "", "")), node.Url);
            Assert.That(uri.Host, Is.Not.Empty);
        }

        return HashCode.Combine(
            reading.End,
            reading.Nodes.Count,
            reading.Skipped > 0,
            reading.Nodes.Select(node => new Uri(node.Url).HostNameType).Distinct().Sum(type => 1 << (int)type));
    }
}
