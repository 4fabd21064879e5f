using Moq;

namespace Koii.DbSharing.Tests.Nodes;

internal sealed class CompositeNodeDirectoryTests
{
    private static readonly NodeAddress A = NodeAddress.Parse("http://a.example");
    private static readonly NodeAddress B = NodeAddress.Parse("http://b.example");
    private static readonly NodeAddress C = NodeAddress.Parse("http://c.example");

    private static INodeDirectory Directory(NodeListingStatus status, string[] problems, params NodeAddress[] nodes)
    {
        var listing = new NodeListing(nodes) { Status = status, Problems = problems };
        return Mock.Of<INodeDirectory>(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>()) == ValueTask.FromResult(listing));
    }

    [Test]
    public async Task Union_keeps_the_order_and_removes_repetitions()
    {
        var listing = await new CompositeNodeDirectory(new StaticNodeDirectory([B, A, B]), new StaticNodeDirectory([C, A])).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo((NodeAddress[])[B, A, C]));
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That(listing.Problems, Is.Empty);
    }

    [TestCase(NodeListingStatus.Fresh, NodeListingStatus.Fresh, NodeListingStatus.Fresh)]
    [TestCase(NodeListingStatus.Fresh, NodeListingStatus.Stale, NodeListingStatus.Stale)]
    [TestCase(NodeListingStatus.Fresh, NodeListingStatus.Unavailable, NodeListingStatus.Stale)]
    [TestCase(NodeListingStatus.Stale, NodeListingStatus.Unavailable, NodeListingStatus.Stale)]
    [TestCase(NodeListingStatus.Stale, NodeListingStatus.Stale, NodeListingStatus.Stale)]
    [TestCase(NodeListingStatus.Unavailable, NodeListingStatus.Unavailable, NodeListingStatus.Unavailable)]
    public async Task Status_and_problems_are_those_of_all(NodeListingStatus first, NodeListingStatus second, NodeListingStatus joined)
    {
        var listing = await new CompositeNodeDirectory(Directory(first, ["1."], A), Directory(second, ["2.", "3."])).GetNodesAsync();

        Assert.That(listing.Status, Is.EqualTo(joined));
        Assert.That(listing.Problems, Is.EqualTo((string[])["1.", "2.", "3."]));
        Assert.That(listing.Nodes, Is.EqualTo((NodeAddress[])[A]));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task One_that_throws_counts_as_unavailable(bool atOnce)
    {
        var broken = new Mock<INodeDirectory>();
        if (atOnce)
            broken.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Throws(new InvalidOperationException("out of order"));
        else
            broken.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(ValueTask.FromException<NodeListing>(new OperationCanceledException("out of order")));

        var listing = await new CompositeNodeDirectory(broken.Object, new StaticNodeDirectory([A])).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo((NodeAddress[])[A]));
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Stale));
        Assert.That(listing.Problems, Has.One.Contains(atOnce ? nameof(InvalidOperationException) : nameof(OperationCanceledException)).And.None.Contains("out of order"));
    }

    [Test]
    public async Task All_are_called_at_once()
    {
        var first = new TaskCompletionSource<NodeListing>();
        var slow = new Mock<INodeDirectory>();
        slow.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(new ValueTask<NodeListing>(first.Task));
        var second = new Mock<INodeDirectory>();
        second.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Callback(() => first.SetResult(new NodeListing([A]))).ReturnsAsync(new NodeListing([B]));

        // The first returns only after the second is called.
        var listing = await new CompositeNodeDirectory(slow.Object, second.Object).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo((NodeAddress[])[A, B]));
    }

    [Test]
    public void Cancellation_is_the_callers()
    {
        var canceled = new CancellationToken(canceled: true);

        Assert.That(async () => await new CompositeNodeDirectory(new StaticNodeDirectory([A])).GetNodesAsync(canceled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await new StaticNodeDirectory([A]).GetNodesAsync(canceled), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Cancellation_while_one_waits_is_the_callers()
    {
        using var caller = new CancellationTokenSource();
        var waiting = new Mock<INodeDirectory>();
        waiting.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>()))
            .Returns(async (CancellationToken token) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return new NodeListing([]);
            });

        var asking = new CompositeNodeDirectory(waiting.Object).GetNodesAsync(caller.Token).AsTask();
        await caller.CancelAsync();

        Assert.That(async () => await asking, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Combination_of_nothing_is_an_empty_list() =>
        Assert.That(await new CompositeNodeDirectory().GetNodesAsync(), Has.Property(nameof(NodeListing.Nodes)).Empty.And.Property(nameof(NodeListing.Status)).EqualTo(NodeListingStatus.Fresh));

    [Test]
    public async Task Named_nodes_are_copied()
    {
        List<NodeAddress> nodes = [A];
        var directory = new StaticNodeDirectory(nodes);
        nodes.Add(B);

        Assert.That((await directory.GetNodesAsync()).Nodes, Is.EqualTo((NodeAddress[])[A]));
    }

    [Test]
    public void Null_is_rejected_with_a_hint()
    {
        Assert.That(() => new StaticNodeDirectory([A, null!]), Throws.ArgumentException.With.Message.Contains("leave it out"));
        Assert.That(() => new CompositeNodeDirectory([null!]), Throws.ArgumentException.With.Message.Contains("leave it out"));
    }
}
