using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

/// <summary>Reconciliation with honest peers and with peers that break the protocol (protocol §4.3 b).</summary>
public sealed class ReconcileStepTests : PeerSyncFixture
{
    // A peer that claims the extension and lies about it.

    private static IEnumerable<TestCaseData> Lies()
    {
        yield return Lie("no message", peer => peer.Reconcile = (_, _) => Answer([0x61, 1]));
        yield return Lie("a message of another version", peer => peer.Reconcile = (_, _) => Answer([0x62]));
        yield return Lie("no answer", peer => peer.Reconcile = (_, _) => ValueTask.FromResult(new PeerAnswer<ReadOnlyMemory<byte>>(default, PassingFailure, 0)));
        yield return Lie("an exception", peer => peer.Reconcile = (_, _) => throw new IOException());
        yield return Lie("a record that was not asked for", peer => peer.Fetch = (_, _) => Page(new PeerPage([Samples.Linktree(1, "other", 1)])));
        yield return Lie("a record twice", peer => peer.Fetch = (_, _) => Page(new PeerPage([.. Records(11).TakeLast(1), .. Records(11).TakeLast(1)])));
        yield return Lie("a forged record", peer => peer.Fetch = (_, _) => Page(new PeerPage([Records(11)[^1].Forged()])));
        yield return Lie("an element that is not a record", peer => peer.Fetch = (_, _) => Page(new PeerPage([]) { Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 1 } }));
        yield return Lie("nothing of what it has", peer => peer.Fetch = (_, _) => Page(new PeerPage([])));
        yield return Lie("no records", peer => peer.Fetch = (_, _) => Page(new PeerPage([]) { Failure = new PeerFailure(PeerFailureKind.NotSupported) }));
        yield return Lie("an exception for records", peer => peer.Fetch = (_, _) => throw new IOException());

        static TestCaseData Lie(string name, Action<ExtendedPeer> lie) => new TestCaseData(lie).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Lies))]
    public async Task Protocol_error_falls_back_to_the_full_list_and_disables_the_extension_for_ten_minutes(object lie)
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(12));
        ((Action<ExtendedPeer>)lie)(_network.Add(Node.Peer(1), Records(11)));

        var peer = await AskAsync();
        Assert.That((peer.Path, peer.Failure), Is.EqualTo((PeerPath.FullList, (PeerFailure?)null)));
        Assert.That(await _node.HeldAsync(), Has.Count.EqualTo(12));

        _network.Calls.Clear();
        _node.Clock.Advance(TimeSpan.FromMinutes(9));
        await AskAsync();
        AssertAsked("list");
        _node.Clock.Advance(TimeSpan.FromMinutes(1));
        await AskAsync();
        Assert.That(_network.Calls, Has.Member("summary"));
    }

    [Test]
    public async Task Undelivered_record_is_not_requested_from_the_same_peer_again_for_hours()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(10));
        _network.Add(Node.Peer(1), Records(11)).Fetch = (_, _) => Page(new PeerPage([]));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "reconcile", "fetch", "reconcile", "list");
        _network.Calls.Clear();
        _node.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        AssertAsked("summary", "reconcile");
    }

    [Test]
    public async Task Peer_that_invents_ids_uses_up_its_entries_and_is_not_reconciled_for_an_hour()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(12));
        var peer = _network.Add(Node.Peer(1), Records(11));
        var made = 0;
        // 8,192 ids up to infinity (0xC0 0x00 in base 128), and never the same.
        peer.Reconcile = (_, _) =>
        {
            var message = new byte[6 + (ReconcileStep.MaxNeeded * LinktreeId.Size)];
            new byte[] { 0x61, 0, 0, 2, 0xC0, 0 }.CopyTo(message, 0);
            for (var at = 6; at < message.Length; at += LinktreeId.Size)
                BitConverter.TryWriteBytes(message.AsSpan(at), ++made);
            return Answer(message);
        };
        peer.Fetch = (_, _) => Page(new PeerPage([]));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled), "what did not come may have been replaced, until there is too much of it");
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.InRange(65, 75), "a thousand at a time, up to its share");
        _network.Calls.Clear();
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "list");
        Assert.That(await _node.HeldAsync(), Has.Count.EqualTo(12));
        _node.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
    }

    [Test]
    public async Task Comparisons_are_bounded_for_the_pull_and_not_for_each_conversation()
    {
        _node.Options.LinktreesPerAuthor = 1_000;
        await HoldsAsync(Records(5_000));
        _node.Serves(1, Records(5_001));
        var peer = _network.Add(Node.Peer(1), Records(5_001));
        peer.PerAuthor = 1_000;
        var made = 0;
        // One id up to infinity, which ends the conversation; it never comes and is never listed again, so there is another one.
        peer.Reconcile = (_, _) => Answer([0x61, 0, 0, 2, 1, .. new byte[28], .. BitConverter.GetBytes(++made)]);
        peer.Fetch = (_, _) => Page(new PeerPage([]));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.InRange(8, 30), "eight times what is held, and a little for small sets");
    }

    [Test]
    public async Task Record_with_a_bad_signature_is_not_fetched_from_that_peer_again()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(10));
        _network.Add(Node.Peer(1), Records(11)).Fetch = (_, _) => Page(new PeerPage([Records(11)[^1].Forged()]));
        await AskAsync();
        _network.Calls.Clear();
        _node.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        Assert.That(_network.Calls, Is.EqualTo(new[] { "summary", "reconcile" }));
    }

    [Test]
    public async Task Endless_reconciliation_ends_after_64_round_trips_and_keeps_its_results()
    {
        await HoldsAsync(Records(40));
        var trip = 0;
        // Each answer lists one more record, and differs somewhere else.
        _network.Add(Node.Peer(1), Records(41)).Reconcile = (_, _) => Answer([0x61, 2, 0, 2, 1, .. Records(41)[^1].Id.AsSpan(), (byte)(2 + (trip++ % 2)), 0, 1, .. new byte[16]]);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(64));
    }

    [Test]
    public async Task Endless_reconciliation_is_repeated_after_ten_minutes_at_the_earliest()
    {
        await HoldsAsync(Records(40));
        var trip = 0;
        // Nothing is ever named; each answer differs from us somewhere else.
        _network.Add(Node.Peer(1), Records(41)).Reconcile = (_, _) => Answer([0x61, (byte)(2 + (trip++ % 2)), 0, 1, .. new byte[16]]);

        await AskAsync();
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(64));
        _network.Calls.Clear();
        await AskAsync();
        AssertAsked("list");
        _node.Clock.Advance(TimeSpan.FromMinutes(10));
        await AskAsync();
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(64));
    }

    [Test]
    public async Task Reconciliation_that_repeats_a_message_ends_and_keeps_its_results()
    {
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(41)).Reconcile = (_, _) => Answer([0x61, 2, 0, 2, 1, .. Records(41)[^1].Id.AsSpan(), 0, 0, 1, .. new byte[16]]);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(2));
    }

    [Test]
    public async Task All_steps_together_have_the_time_of_one_pull()
    {
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(41)).Reconcile = async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return default;
        };

        var asking = _node.ShareAsync();
        _node.Clock.Advance(_node.Options.PeerLimits.PeerTimeout);

        Assert.That((await asking).Peers.Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.TimedOut));
    }

    // What is fetched, and what is not fetched again.

    [Test]
    public async Task More_records_than_are_held_at_a_time_are_fetched_in_one_round()
    {
        const int More = 2 * ReconcileStep.MaxNeeded;
        _node.Options.LinktreesPerAuthor = 1_000;
        await HoldsAsync(Records(More));
        _network.Add(Node.Peer(1), Records(2 * More)).PerAuthor = 1_000;

        var report = await AskAsync();

        Assert.That((report.Path, report.Verdicts.Inserted), Is.EqualTo((PeerPath.Reconciled, (long)More)));
        Assert.That(_network.Calls.Count(call => call == "summary"), Is.EqualTo(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Remaining_records_are_requested_again_after_a_short_answer()
    {
        await HoldsAsync(Records(10));
        var peer = _network.Add(Node.Peer(1), Records(18));
        var whole = peer.Fetch;
        peer.Fetch = (ids, token) => whole([.. ids.Take(3)], token);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(8));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(3));
    }

    [Test]
    public async Task Half_of_the_records_may_be_replaced_before_they_are_fetched()
    {
        await HoldsAsync(Records(10));
        var peer = _network.Add(Node.Peer(1), Records(14));
        var whole = peer.Fetch;
        peer.Fetch = (ids, token) => whole([.. ids.Intersect(Records(12).Select(record => record.Id))], token);

        var report = await AskAsync();

        Assert.That((report.Path, report.Verdicts.Inserted), Is.EqualTo((PeerPath.Reconciled, 2L)));
    }

    [Test]
    public async Task Record_that_is_replaced_at_the_peer_before_the_fetch_is_not_a_protocol_error()
    {
        await HoldsAsync(Records(10));
        var peer = _network.Add(Node.Peer(1), Records(11));
        var (whole, newer) = (peer.Fetch, Samples.Linktree(10, "u0", 9_000_000));
        peer.Fetch = (ids, token) => ExtendedPeer.PagesAsync(async () =>
        {
            await peer.PutAsync(newer);
            return await whole(ids, token).SingleAsync(token);
        });

        var report = await AskAsync();

        Assert.That((report.Path, report.Verdicts.Inserted), Is.EqualTo((PeerPath.Reconciled, 1L)));
        AssertAsked("summary", "reconcile", "fetch", "reconcile", "fetch");
        Assert.That(await _node.HeldAsync(), Has.Member(newer));
    }

    [Test]
    public async Task Honest_peer_with_constant_replacements_is_reconciled_in_every_round()
    {
        await HoldsAsync(Records(40));
        var peer = _network.Add(Node.Peer(1), Records(40));
        var random = new Random(1);
        var time = 9_000_000L;
        var (reconcile, fetch) = (peer.Reconcile, peer.Fetch);
        // Between any two calls, and most often it is what was listed just now.
        peer.Reconcile = async (message, token) => await AfterAsync(async () => await reconcile(message, token));
        peer.Fetch = (ids, token) => ExtendedPeer.PagesAsync(() => AfterAsync(async () => await fetch(ids, token).SingleAsync(token)));

        for (var round = 0; round < 100; round++)
        {
            await ReplaceAsync();
            Assert.That((await AskAsync()).Path, Is.AnyOf(PeerPath.Reconciled, PeerPath.InSync), $"round {round}");
        }

        (peer.Reconcile, peer.Fetch) = (reconcile, fetch);
        await AskAsync();
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));

        async Task<T> AfterAsync<T>(Func<Task<T>> ask)
        {
            await ReplaceAsync();
            return await ask();
        }

        ValueTask ReplaceAsync() => peer.PutAsync([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Samples.Linktree((byte)random.Next(3), "u0", time += 1_000))]);
    }

    [Test]
    public async Task Records_without_effect_cost_one_reconciliation_per_round_and_no_fetch([Values] bool superseded)
    {
        // Either the peer keeps an older version of a record that is held, or one that is far in the future.
        var (held, theirs) = superseded
            ? (Samples.Linktree(1, "u", 2_000), Samples.Linktree(1, "u", 1_000))
            : (Samples.Linktree(1, "u", 2_000), Samples.Linktree(2, "v", _node.Clock.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds()));
        await HoldsAsync([held]);
        _network.Add(Node.Peer(1), theirs);

        var first = await AskAsync();
        Assert.That((first.Path, first.Verdicts.Total), Is.EqualTo((PeerPath.Reconciled, 1L)));
        _network.Calls.Clear();
        var second = await AskAsync();

        Assert.That((second.Path, second.Verdicts.Total), Is.EqualTo((PeerPath.Reconciled, 0L)));
        Assert.That(_network.Calls, Is.EqualTo(new[] { "summary", "reconcile" }));
    }

    [Test]
    public async Task Records_without_effect_do_not_displace_records_with_effect()
    {
        const int Old = ReconcileStep.MaxNeeded + 1_000;
        _node.Options.LinktreesPerAuthor = 1_000;
        await HoldsAsync(Records(Old));
        // An older version of each, and then one that is new.
        var peer = _network.Add(Node.Peer(1), Enumerable.Range(0, Old).Select(i => Samples.Linktree((byte)(i % 200), $"u{i / 200}", 1_000 + i)));
        peer.PerAuthor = 1_000;
        Assert.That((await AskAsync()).Verdicts, Is.EqualTo(new VerdictCounts { Superseded = Old }));

        await peer.PutAsync(Samples.Linktree(250, "new", 99_000_000));

        Assert.That((await AskAsync()).Verdicts, Is.EqualTo(new VerdictCounts { Inserted = 1 }));
    }

    [Test]
    public async Task Full_list_is_read_from_a_peer_with_many_records_that_the_policy_rejects()
    {
        const int Refused = ReconcileStep.MaxNeeded + 1_000;
        var policy = new Mock<IAdmissionPolicy>();
        policy.Setup(service => service.IsAdmittedAsync(It.IsAny<SignedLinktree>(), It.IsAny<CancellationToken>())).ReturnsAsync(false);
        _node = new Node { Reconciler = _network, Policy = policy.Object }.Lists(1);
        _node.Options.LinktreesPerAuthor = 1_000;
        await HoldsAsync(Records(Refused, from: 20_000));
        _node.Serves(1);
        _network.Add(Node.Peer(1), Records(Refused)).PerAuthor = 1_000;

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(9), "those of one conversation");
        _network.Calls.Clear();
        await AskAsync();
        AssertAsked("list");
    }

    [Test]
    public async Task Record_for_which_the_store_is_full_is_not_fetched_in_every_round()
    {
        _node.Options.MaxRecords = 42; // New identities up to 40.
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(42));

        Assert.That((await AskAsync()).Verdicts.Full, Is.EqualTo(2));
        _network.Calls.Clear();
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        AssertAsked("summary", "reconcile");

        _network.Calls.Clear();
        _node.Clock.Advance(TimeSpan.FromHours(2));
        Assert.That((await AskAsync()).Verdicts.Full, Is.EqualTo(2), "there may be room by then");
    }

    [Test]
    public async Task Record_that_was_too_early_is_fetched_again_when_it_is_due()
    {
        await HoldsAsync(Records(10));
        var early = Samples.Linktree(99, "early", _node.Clock.GetUtcNow().AddMinutes(30).ToUnixTimeMilliseconds());
        _network.Add(Node.Peer(1), [.. Records(10), early]);

        await AskAsync();
        _node.Clock.Advance(TimeSpan.FromMinutes(20));

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
    }

    [Test]
    public async Task Exception_of_the_verifier_is_not_a_protocol_error_of_the_peer()
    {
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(service => service.Verify(It.IsAny<SignedLinktree>())).Throws<ArithmeticException>();
        _node = new Node { Reconciler = _network, Verifier = verifier.Object }.Lists(1);
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(11));

        var peer = await AskAsync();

        Assert.That(peer.Failure?.Kind, Is.EqualTo(PeerFailureKind.UnexpectedError));
        Assert.That(_node.Peers.Calls, Is.Empty);
    }
}
