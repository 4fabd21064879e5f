using Koii.DbSharing.Replication.Ladder;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Replication.Ladder;

/// <summary>Which rung is taken when (protocol §4.3), told from what is asked of the peer.</summary>
public sealed class PeerLadderTests
{
    private static readonly PeerFailure Hiccup = new(PeerFailureKind.TimedOut);

    private FakeReconciler _network = null!;
    private Node _node = null!;

    [SetUp]
    public void Start()
    {
        _network = new FakeReconciler();
        _node = new Node { Reconciler = _network }.Lists(1);
    }

    [Test]
    public async Task Peer_in_sync_costs_its_summary()
    {
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(40));

        var peer = await AskAsync();

        Assert.That((peer.Path, peer.Failure, peer.BytesReceived), Is.EqualTo((PeerPath.InSync, (PeerFailure?)null, 100L)));
        AssertAsked("summary");
    }

    [Test]
    public async Task What_differs_is_fetched_and_nothing_else()
    {
        await HoldsAsync(Records(200, from: 3));
        _network.Add(Node.Peer(1), Records(198));

        var peer = await AskAsync();

        Assert.That((peer.Path, peer.Verdicts.Inserted, peer.Verdicts.Total, peer.Failure), Is.EqualTo((PeerPath.Reconciled, 3L, 3L, (PeerFailure?)null)));
        AssertAsked("summary", "reconcile", "fetch");
        Assert.That(peer.BytesReceived, Is.EqualTo(11_100));
    }

    [Test]
    public async Task Peer_that_has_nothing_more_is_asked_for_nothing_more()
    {
        await HoldsAsync(Records(20));
        _network.Add(Node.Peer(1), Records(19));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        AssertAsked("summary", "reconcile");
    }

    [Test]
    public async Task More_than_a_thousand_records_are_fetched_in_parts()
    {
        await HoldsAsync(Records(1_300));
        _network.Add(Node.Peer(1), Records(2_500));

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1_200));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(2));
    }

    // The conditions of protocol §4.3 b.

    [Test]
    public async Task Peer_that_has_more_than_twice_as_much_is_read_as_a_whole_the_first_time()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(21));
        _network.Add(Node.Peer(1), Records(21));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "list");
    }

    [Test]
    public async Task Peer_that_has_twice_as_much_is_reconciled()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(20));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
    }

    [Test]
    public async Task Peer_whose_list_was_read_within_the_hour_is_reconciled_however_much_it_has()
    {
        _node.Serves(1, Records(2));
        var peer = _network.Add(Node.Peer(1), Records(2));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        await peer.PutAsync(Records(30));

        _node.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.Reconciled));
        await peer.PutAsync(Records(300));
        _node.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
    }

    [Test]
    public async Task Peer_that_keeps_another_number_of_records_of_an_author_is_never_reconciled_and_its_list_is_read_hourly_with_a_warning()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(11, from: 1));
        _network.Add(Node.Peer(1), Records(11, from: 2)).PerAuthor = 4;

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        var next = await AskAsync();
        Assert.That((next.Path, next.Failure), Is.EqualTo((PeerPath.None, (PeerFailure?)null)));
        _node.Clock.Advance(TimeSpan.FromHours(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));

        AssertAsked("summary", "list", "summary", "summary", "list");
        Assert.That(_node.Log.Lines.Count(line => line.Level == LogLevel.Warning), Is.EqualTo(2));
    }

    [Test]
    public async Task Peer_that_keeps_another_number_of_records_of_an_author_may_be_in_sync_all_the_same()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(10)).PerAuthor = 4;

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Peer_that_cannot_be_reconciled_with_has_its_list_read()
    {
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(11)).CanReconcile = false;
        _node.Serves(1, Records(11));

        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        AssertAsked("summary", "list");
    }

    // What is remembered of a peer.

    [Test]
    public async Task Peer_without_the_extension_is_not_asked_for_it_again_for_ten_minutes()
    {
        _node.Serves(1, Records(3));

        for (var round = 0; round < 3; round++)
        {
            Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
            _node.Clock.Advance(TimeSpan.FromMinutes(5));
        }

        AssertAsked("summary", "list", "list", "summary", "list");
    }

    [Test]
    public async Task Hiccup_of_a_peer_that_has_the_extension_costs_one_list()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(10));
        var peer = _network.Add(Node.Peer(1), Records(10));
        var honest = peer.Summary;
        await AskAsync();

        peer.Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, Hiccup, 0));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.FullList));
        peer.Summary = honest;
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Peer_that_was_never_known_to_have_the_extension_is_given_no_such_credit()
    {
        _node.Serves(1, Records(10));
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, Hiccup, 0));

        await AskAsync();
        await AskAsync();

        AssertAsked("summary", "list", "list");
    }

    [TestCase(PeerFailureKind.Unreachable)]
    [TestCase(PeerFailureKind.AddressRefused)]
    public async Task Peer_that_is_not_there_is_not_asked_for_its_list(PeerFailureKind kind)
    {
        var failure = new PeerFailure(kind);
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, failure, 0));

        Assert.That((await AskAsync()).Failure, Is.EqualTo(failure));
        AssertAsked("summary");
    }

    [Test]
    public async Task Peer_that_asks_to_be_left_alone_is_not_asked_for_its_list()
    {
        var failure = new PeerFailure(PeerFailureKind.HttpStatus) { StatusCode = 429, RetryAfter = TimeSpan.FromMinutes(2) };
        _network.Add(Node.Peer(1)).Summary = _ => ValueTask.FromResult(new PeerAnswer<PeerSummary>(null, failure, 0));

        Assert.That((await AskAsync()).Failure, Is.EqualTo(failure));
    }

    // A peer that claims the extension and lies about it.

    private static IEnumerable<TestCaseData> Lies()
    {
        yield return Lie("no message", peer => peer.Reconcile = (_, _) => Answer([0x61, 1]));
        yield return Lie("a message of another version", peer => peer.Reconcile = (_, _) => Answer([0x62]));
        yield return Lie("no answer", peer => peer.Reconcile = (_, _) => ValueTask.FromResult(new PeerAnswer<ReadOnlyMemory<byte>>(default, Hiccup, 0)));
        yield return Lie("an exception", peer => peer.Reconcile = (_, _) => throw new IOException());
        yield return Lie("a record that was not asked for", peer => peer.Fetch = (_, _) => Page(new PeerPage([Samples.Linktree(1, "other", 1)])));
        yield return Lie("a record twice", peer => peer.Fetch = (_, _) => Page(new PeerPage([.. Records(11).TakeLast(1), .. Records(11).TakeLast(1)])));
        yield return Lie("a forged record", peer => peer.Fetch = (_, _) => Page(new PeerPage([Records(11)[^1].Forged()])));
        yield return Lie("something that is no record", peer => peer.Fetch = (_, _) => Page(new PeerPage([]) { Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 1 } }));
        yield return Lie("nothing of what it has", peer => peer.Fetch = (_, _) => Page(new PeerPage([])));
        yield return Lie("no records", peer => peer.Fetch = (_, _) => Page(new PeerPage([]) { Failure = new PeerFailure(PeerFailureKind.NotSupported) }));
        yield return Lie("an exception for records", peer => peer.Fetch = (_, _) => throw new IOException());

        static TestCaseData Lie(string name, Action<ExtendedPeer> lie) => new TestCaseData(lie).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Lies))]
    public async Task Whatever_a_good_peer_would_not_do_has_its_list_read_and_is_not_tried_again_for_ten_minutes(object lie)
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
    public async Task Peer_that_lists_what_it_never_delivers_is_asked_for_it_once_in_hours()
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
    public async Task Peer_that_lists_other_made_up_records_each_time_uses_its_share_and_is_not_reconciled_with_for_an_hour()
    {
        await HoldsAsync(Records(10));
        _node.Serves(1, Records(12));
        var peer = _network.Add(Node.Peer(1), Records(11));
        var made = 0;
        // 8,192 ids up to infinity (0xC0 0x00 in base 128), and never the same.
        peer.Reconcile = (_, _) =>
        {
            var message = new byte[6 + (ReconcileRung.MaxNeeded * LinktreeId.Size)];
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
    public async Task Peer_that_has_all_of_ours_compared_again_and_again_is_found_out_in_however_many_conversations()
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
    public async Task Peer_that_never_comes_to_an_end_is_left_after_64_round_trips_with_what_was_learned()
    {
        await HoldsAsync(Records(40));
        var trip = 0;
        // Each answer lists one more record, and differs somewhere else.
        _network.Add(Node.Peer(1), Records(41)).Reconcile = (_, _) => Answer([0x61, 2, 0, 2, 1, .. Records(41)[^1].Id.AsSpan(), (byte)(2 + (trip++ % 2)), 0, 1, .. new byte[16]]);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(64));
    }

    [Test]
    public async Task Peer_that_never_comes_to_an_end_keeps_this_node_busy_once_in_ten_minutes()
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
    public async Task Peer_that_has_the_same_asked_again_is_left_with_what_was_learned()
    {
        await HoldsAsync(Records(40));
        _network.Add(Node.Peer(1), Records(41)).Reconcile = (_, _) => Answer([0x61, 2, 0, 2, 1, .. Records(41)[^1].Id.AsSpan(), 0, 0, 1, .. new byte[16]]);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(_network.Calls.Count(call => call == "reconcile"), Is.EqualTo(2));
    }

    [Test]
    public async Task Peer_has_no_more_time_on_all_rungs_than_for_one_pull()
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
    public async Task What_is_more_than_is_held_at_a_time_is_found_out_and_fetched_in_parts_in_one_round()
    {
        const int More = 2 * ReconcileRung.MaxNeeded;
        _node.Options.LinktreesPerAuthor = 1_000;
        await HoldsAsync(Records(More));
        _network.Add(Node.Peer(1), Records(2 * More)).PerAuthor = 1_000;

        var report = await AskAsync();

        Assert.That((report.Path, report.Verdicts.Inserted), Is.EqualTo((PeerPath.Reconciled, (long)More)));
        Assert.That(_network.Calls.Count(call => call == "summary"), Is.EqualTo(1));
        Assert.That((await AskAsync()).Path, Is.EqualTo(PeerPath.InSync));
    }

    [Test]
    public async Task Answer_that_ends_early_is_asked_for_the_rest()
    {
        await HoldsAsync(Records(10));
        var peer = _network.Add(Node.Peer(1), Records(18));
        var whole = peer.Fetch;
        peer.Fetch = (ids, token) => whole([.. ids.Take(3)], token);

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(8));
        Assert.That(_network.Calls.Count(call => call == "fetch"), Is.EqualTo(3));
    }

    [Test]
    public async Task Half_of_the_records_may_be_gone_by_the_time_they_are_fetched()
    {
        await HoldsAsync(Records(10));
        var peer = _network.Add(Node.Peer(1), Records(14));
        var whole = peer.Fetch;
        peer.Fetch = (ids, token) => whole([.. ids.Intersect(Records(12).Select(record => record.Id))], token);

        var report = await AskAsync();

        Assert.That((report.Path, report.Verdicts.Inserted), Is.EqualTo((PeerPath.Reconciled, 2L)));
    }

    [Test]
    public async Task Record_that_is_replaced_at_the_peer_before_it_is_fetched_is_no_fault_of_the_peer()
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
    public async Task Honest_peer_whose_records_are_replaced_all_the_time_is_reconciled_with_in_every_round()
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
    public async Task What_can_change_nothing_here_costs_one_reconciliation_a_round_and_no_fetch([Values] bool superseded)
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
    public async Task What_can_change_nothing_here_does_not_stand_before_what_can_however_much_it_is()
    {
        const int Old = ReconcileRung.MaxNeeded + 1_000;
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
    public async Task Peer_that_has_very_much_of_what_the_policy_refuses_has_its_list_read()
    {
        const int Refused = ReconcileRung.MaxNeeded + 1_000;
        var policy = new Mock<IAdmissionPolicy>();
        policy.Setup(role => role.IsAdmittedAsync(It.IsAny<SignedLinktree>(), It.IsAny<CancellationToken>())).ReturnsAsync(false);
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
    public async Task What_found_no_room_is_not_fetched_from_the_same_peer_in_every_round()
    {
        _node.Options.MaxRecords = 40;
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
    public async Task Record_that_came_too_early_is_fetched_again_when_it_is_due()
    {
        await HoldsAsync(Records(10));
        var early = Samples.Linktree(99, "early", _node.Clock.GetUtcNow().AddMinutes(30).ToUnixTimeMilliseconds());
        _network.Add(Node.Peer(1), [.. Records(10), early]);

        await AskAsync();
        _node.Clock.Advance(TimeSpan.FromMinutes(20));

        Assert.That((await AskAsync()).Verdicts.Inserted, Is.EqualTo(1));
    }

    [Test]
    public async Task What_our_own_verifier_throws_is_no_surprise_of_the_peer()
    {
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(role => role.Verify(It.IsAny<SignedLinktree>())).Throws<ArithmeticException>();
        _node = new Node { Reconciler = _network, Verifier = verifier.Object }.Lists(1);
        await HoldsAsync(Records(10));
        _network.Add(Node.Peer(1), Records(11));

        var peer = await AskAsync();

        Assert.That(peer.Failure?.Kind, Is.EqualTo(PeerFailureKind.UnexpectedError));
        Assert.That(_node.Peers.Calls, Is.Empty);
    }

    [Test]
    public void Answer_without_value_and_failure_is_a_broken_contract()
    {
        _network.Add(Node.Peer(1)).Summary = _ => default;

        Assert.That(() => _node.ShareAsync(), Throws.InvalidOperationException.With.Message.EqualTo("IPeerReconciler.GetSummaryAsync returned null."));
    }

    [Test]
    public async Task Engine_without_the_role_reads_lists()
    {
        var node = new Node().Lists(1).Serves(1, Records(3));

        Assert.That((await node.ShareAsync()).Peers.Single().Path, Is.EqualTo(PeerPath.FullList));
    }

    private static SignedLinktree[] Records(int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => Samples.Linktree((byte)(i % 200), $"u{i / 200}", 1_000_000 + (1_000L * i)))];

    private static ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> Answer(byte[] message) => ValueTask.FromResult(new PeerAnswer<ReadOnlyMemory<byte>>(message, null, message.Length));

    private static IAsyncEnumerable<PeerPage> Page(PeerPage page) => ExtendedPeer.PagesAsync(() => Task.FromResult(page));

    private async Task HoldsAsync(SignedLinktree[] records) => await _node.Store.PutAsync(records);

    private async Task<PeerReport> AskAsync()
    {
        var report = await _node.ShareAsync();
        foreach (var _ in _node.Peers.Calls)
            _network.Calls.Enqueue("list");
        _node.Peers.Calls.Clear();
        return report.Peers.Single();
    }

    private void AssertAsked(params string[] calls) => Assert.That(_network.Calls, Is.EqualTo(calls));
}
