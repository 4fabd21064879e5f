using System.Numerics;
using System.Text;
using Koii.DbSharing.Tests.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>What a stranger plants to keep Alice's record out: in each case it arrives, with her signature, and no peer rests for it.</summary>
internal sealed class PoisoningTests : PeerClientFixture
{
    private const int Rounds = 3;
    private static readonly BigInteger GroupOrder = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);

    private readonly SignedLinktree _alice = Sign("""{"uuid":"alice","timestamp":1700000000000,"linktree":{"name":"Alice"}}""");
    private readonly InMemoryLinktreeStore _store;

    public PoisoningTests()
    {
        Options.AllowPrivateAddresses = true;
        _store = new InMemoryLinktreeStore(Options, Clock);
    }

    public enum Plant
    {
        AnotherSignature,
        SignatureAndGroupOrder,
        SignatureOfAnotherRecord,
    }

    [Test]
    public async Task Her_bytes_under_a_bad_signature_come_before_or_after_the_honest_copy_or_rounds_before([Values] Plant plant, [Values(0, 1, 2)] int order)
    {
        var planted = Planted(plant);
        var careless = Bare(planted);
        await using var first = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Json(careless)));
        await using var second = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(_alice))));
        NodeAddress[] peers = order switch { 0 => [first.Address, second.Address], 1 => [second.Address, first.Address], _ => [first.Address] };
        List<NodeAddress> listed = [.. peers];
        var engine = Engine(listed);

        for (var round = 0; round < Rounds; round++)
            await ShareWithoutBackoffAsync(engine, listed.Count);
        listed.AddRange(peers.Length == 1 ? [second.Address] : []);
        await ShareWithoutBackoffAsync(engine, listed.Count);

        Assert.That((await _store.GetAsync([_alice.Id])).Single(), Is.EqualTo(_alice));
    }

    [Test]
    public async Task Forged_copies_stand_before_and_behind_her_record_in_one_list([Values] Plant plant)
    {
        var planted = Planted(plant);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Bare(planted, planted, _alice, planted))));
        var engine = Engine([peer.Address]);

        await ShareWithoutBackoffAsync(engine, 1);

        Assert.That((await _store.GetAsync([_alice.Id])).Single(), Is.EqualTo(_alice));
    }

    [Test]
    public async Task Forgery_posted_here_does_not_keep_out_what_a_peer_brings([Values] Plant plant)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Bare(_alice))));
        var engine = Engine([peer.Address]);

        var posted = await engine.SubmitAsync(Planted(plant));
        await ShareWithoutBackoffAsync(engine, 1);

        Assert.That(posted, Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That((await _store.GetAsync([_alice.Id])).Single(), Is.EqualTo(_alice));
    }

    [Test]
    public async Task Forged_newer_version_of_hers_makes_nothing_superseded()
    {
        var forged = Resign(Sign("""{"uuid":"alice","timestamp":1700000000001}"""), new byte[LinktreeSignature.Size]);
        await using var first = LoopbackPeer.Serve(("/all", Answers.Json(Bare(forged))));
        await using var second = LoopbackPeer.Serve(("/all", Answers.Json(Bare(_alice))));
        var engine = Engine([first.Address, second.Address]);

        await ShareWithoutBackoffAsync(engine, 2);

        Assert.That((await _store.GetAsync([_alice.Id])).Single(), Is.EqualTo(_alice));
    }

    [Test]
    public async Task Entity_tag_around_a_record_that_is_not_yet_valid_does_not_hide_it_when_it_is()
    {
        var due = Clock.GetUtcNow().AddMinutes(15);
        var ahead = Sign($$"""{"uuid":"ahead","timestamp":{{due.AddMinutes(10).ToUnixTimeMilliseconds()}}}""");
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(
            exchange.Request.Headers.ContainsKey("If-None-Match") ? Answers.NotModified("\"t\"") : Answers.Json(Bare(ahead), "ETag: \"t\"\r\n")));
        var engine = Engine([peer.Address]);

        await ShareWithoutBackoffAsync(engine, 1);
        await ShareWithoutBackoffAsync(engine, 1); // The tag is kept after the second reading.
        Clock.Advance(TimeSpan.FromMinutes(14));
        var early = await engine.ShareAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var late = await engine.ShareAsync();

        Assert.That(early.Peers.Single().Path, Is.EqualTo(PeerPath.NotModified));
        Assert.That(late.Verdicts.Inserted, Is.EqualTo(1));
    }

    [Test]
    public async Task Peer_that_serves_our_own_records_back_changes_nothing()
    {
        var peers = new List<NodeAddress>();
        var engine = Engine(peers);
        await engine.SubmitAsync(_alice);
        await using var mirror = LoopbackPeer.Start(async exchange =>
        {
            var held = await _store.ListAsync(new LinktreeQuery { IncludeTombstones = true });
            await exchange.WriteAsync(Answers.Json(Bare([.. held.Linktrees])));
        });
        peers.Add(mirror.Address);

        for (var round = 0; round < 8; round++)
            Assert.That((await engine.ShareAsync()).Verdicts, Is.EqualTo(new VerdictCounts { Unchanged = 1 }));

        Assert.That((await _store.ListAsync(new LinktreeQuery())).Linktrees, Is.EqualTo(new[] { _alice }));
    }

    private async Task ShareWithoutBackoffAsync(ReplicationEngine engine, int peers)
    {
        var report = await engine.ShareAsync();

        Assert.That(report.Peers.Select(peer => peer.Failure), Is.EqualTo(new PeerFailure?[peers]));
    }

    private ReplicationEngine Engine(IReadOnlyList<NodeAddress> nodes) => new(
        Moq.Mock.Of<INodeDirectory>(directory => directory.GetNodesAsync(Moq.It.IsAny<CancellationToken>()) == new ValueTask<NodeListing>(new NodeListing(nodes))),
        Client, new Ed25519SignatureVerifier(), _store, Options, new ReplicationEngineServices { TimeProvider = Clock, Random = new Random(1) });

    private SignedLinktree Planted(Plant plant)
    {
        var signature = _alice.Signature.AsSpan().ToArray();
        switch (plant)
        {
            case Plant.AnotherSignature:
                signature[5] ^= 1;
                break;
            case Plant.SignatureAndGroupOrder:
                var s = new BigInteger(signature.AsSpan(32), isUnsigned: true) + GroupOrder;
                s.TryWriteBytes(signature.AsSpan(32), out _, isUnsigned: true);
                break;
            default:
                signature = Sign("""{"uuid":"alice","timestamp":1}""").Signature.AsSpan().ToArray();
                break;
        }

        return Resign(_alice, signature);
    }

    private static SignedLinktree Resign(SignedLinktree linktree, byte[] signature) =>
        SignedLinktree.TryCreate(linktree.Author, new LinktreeSignature(signature), linktree.Data.Span, out var planted, out var reason)
            ? planted
            : throw new ArgumentException($"Not a record: {reason}.");

    private static SignedLinktree Sign(string data)
    {
        using var signer = LinktreeSigner.FromSeed(new byte[32]);
        return signer.Sign(Encoding.UTF8.GetBytes(data));
    }
}
