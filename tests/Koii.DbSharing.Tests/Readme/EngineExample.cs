using Moq;

namespace Koii.DbSharing.Tests.Readme;

/// <summary>The test that README.md shows; a test of the conventions holds the two together.</summary>
public sealed class EngineExample
{
    #region README: Test your own code with mocks
    [Test]
    public async Task A_signed_record_of_a_peer_is_stored()
    {
        var peer = NodeAddress.Parse("https://peer.example");
        var linktree = LinktreeSigner.FromSeed(new byte[32]).Sign("""{"uuid":"u-1","timestamp":1703802587522}"""u8);
        var nodes = new Mock<INodeDirectory>();
        nodes.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).ReturnsAsync(new NodeListing([peer]));
        var peers = new Mock<IPeerClient>();
        peers.Setup(client => client.ReadAllAsync(peer, null, It.IsAny<CancellationToken>()))
            .Returns(new[] { new PeerPage([linktree]) }.ToAsyncEnumerable());
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(checker => checker.Verify(linktree)).Returns(true);
        var options = new DbSharingOptions { TaskId = "EXAMPLE_TASK_ID" };
        var store = new InMemoryLinktreeStore(options);
        var engine = new ReplicationEngine(nodes.Object, peers.Object, verifier.Object, store, options);

        var report = await engine.ShareAsync();

        Assert.That(report.Verdicts.Inserted, Is.EqualTo(1));
        Assert.That((await store.ListAsync(new LinktreeQuery())).Linktrees, Is.EqualTo(new[] { linktree }));
    }
    #endregion
}
