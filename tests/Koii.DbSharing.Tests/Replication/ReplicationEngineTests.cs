using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

public sealed class ReplicationEngineTests
{
    [Test]
    public async Task Round_stores_the_records_of_its_peers_and_reports_them_per_peer_and_in_total()
    {
        var node = new Node().Lists(2);
        node.Peers.Serve(Node.Peer(1), [new PeerPage([Samples.Linktree(1), Samples.Linktree(2)]) { BytesReceived = 100 }]);
        node.Peers.Serve(
            Node.Peer(2),
            [
                new PeerPage([Samples.Linktree(2), Samples.Linktree(3).Forged()])
                {
                    BytesReceived = 30,
                    Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 2, [RejectionReason.BadPublicKey] = 1, [RejectionReason.TooDeep] = 0 },
                },
                new PeerPage([Samples.Linktree(1, timestamp: 1_700_000_000_001)]) { BytesReceived = 4, Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 3 } },
            ]);

        var report = await node.ShareAsync();

        var first = new VerdictCounts { Inserted = 2 };
        var second = new VerdictCounts
        {
            Unchanged = 1,
            Replaced = 1,
            RejectedByReason = new Dictionary<RejectionReason, long>
            {
                [RejectionReason.BadSignature] = 1,
                [RejectionReason.Malformed] = 5,
                [RejectionReason.BadPublicKey] = 1,
            },
        };
        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.Completed));
        Assert.That(report.Peers, Is.EqualTo(new[]
        {
            new PeerReport(Node.Peer(1)) { Path = PeerPath.FullList, Verdicts = first, BytesReceived = 100 },
            new PeerReport(Node.Peer(2)) { Path = PeerPath.FullList, Verdicts = second, BytesReceived = 34 },
        }));
        Assert.That(report.Verdicts, Is.EqualTo(second with { Inserted = 2 }));
        Assert.That(report.StartedAt, Is.EqualTo(node.Clock.GetUtcNow()));
        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { Samples.Linktree(2), Samples.Linktree(1, timestamp: 1_700_000_000_001) }));
    }

    [Test]
    public async Task Durations_are_measured_by_the_injected_clock()
    {
        var node = new Node().Lists(1);
        node.Peers.Answer(Node.Peer(1), (_, _) => SlowAsync());

        var report = await node.ShareAsync();

        Assert.That(report.Duration, Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That(report.Peers.Single().Duration, Is.EqualTo(TimeSpan.FromSeconds(3)));

        async IAsyncEnumerable<PeerPage> SlowAsync()
        {
            await Task.CompletedTask;
            node.Clock.Advance(TimeSpan.FromSeconds(3));
            yield return new PeerPage([]);
        }
    }

    [Test]
    public async Task Same_records_in_every_round_remain_the_same_rows()
    {
        var node = new Node().Lists(2).Serves(1, Samples.Linktree(1), Samples.Linktree(2)).Serves(2, Samples.Linktree(2), Samples.Linktree(1));

        for (var round = 0; round < 8; round++)
            await node.ShareAsync();

        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(2));
        Assert.That(node.Checker.Checks, Is.EqualTo(2), "each signature is checked once, from any peer, however often");
    }

    [Test]
    public async Task Older_version_never_overwrites_a_newer_one()
    {
        var newer = Samples.Linktree(timestamp: 2);
        var node = new Node().Lists(2).Serves(1, newer).Serves(2, Samples.Linktree(timestamp: 1));

        for (var round = 0; round < 3; round++)
            await node.ShareAsync();

        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { newer }));
    }

    [Test]
    public async Task Equal_timestamps_converge_on_every_node()
    {
        var one = Samples.Linktree(name: "one");
        var other = Samples.Linktree(name: "other");
        var forth = new Node().Lists(2).Serves(1, one).Serves(2, other);
        var back = new Node().Lists(2).Serves(1, other).Serves(2, one);

        for (var round = 0; round < 2; round++)
        {
            await forth.ShareAsync();
            await back.ShareAsync();
        }

        Assert.That(await forth.HeldAsync(), Is.EqualTo(await back.HeldAsync()));
        Assert.That((await forth.HeldAsync()).Single().Id, Is.EqualTo(one.Id > other.Id ? one.Id : other.Id));
    }

    [Test]
    public async Task Newer_timestamp_of_a_stranger_under_the_same_uuid_replaces_nothing()
    {
        var own = Samples.Linktree(author: 1, uuid: "u", timestamp: 1);
        var strangers = Samples.Linktree(author: 2, uuid: "u", timestamp: 2);
        var node = new Node().Lists(2).Serves(1, own).Serves(2, strangers);

        await node.ShareAsync();

        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { own, strangers }));
    }

    [Test]
    public async Task Tombstone_remains_while_peers_serve_the_deleted_record()
    {
        var tombstone = Samples.Linktree(timestamp: 2, deleted: true, taskId: "task");
        var node = new Node().Lists(2).Serves(1, tombstone).Serves(2, Samples.Linktree(timestamp: 1));

        for (var round = 0; round < 3; round++)
            await node.ShareAsync();

        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { tombstone }));
    }

    [Test]
    public async Task Dead_peer_and_bad_element_do_not_affect_the_other_peers()
    {
        var node = new Node().Lists(3)
            .Serves(2, Samples.Linktree(1).Forged(), Samples.Linktree(2))
            .Serves(3, Samples.Linktree(1));

        var report = await node.ShareAsync();

        Assert.That(report.Peers.Select(peer => peer.Failure?.Kind), Is.EqualTo(new PeerFailureKind?[] { PeerFailureKind.Unreachable, null, null }));
        Assert.That(report.Peers[0].Path, Is.EqualTo(PeerPath.None));
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Forged_copy_from_one_peer_does_not_exclude_the_genuine_record_of_another([Values] bool forgedFirst)
    {
        var honest = Samples.Linktree();
        var node = new Node().Lists(2).Serves(forgedFirst ? 1 : 2, honest.Forged()).Serves(forgedFirst ? 2 : 1, honest);

        await node.ShareAsync();

        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { honest }));
    }

    [Test]
    public async Task Early_record_is_stored_when_it_is_due()
    {
        var node = new Node().Lists(1);
        var ahead = Samples.Linktree(timestamp: node.Clock.GetUtcNow().AddMinutes(11).ToUnixTimeMilliseconds());
        node.Serves(1, ahead);

        var early = await node.ShareAsync();
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        var due = await node.ShareAsync();

        Assert.That(early.Verdicts, Is.EqualTo(new VerdictCounts { NotYetValid = 1 }));
        Assert.That(due.Verdicts, Is.EqualTo(new VerdictCounts { Inserted = 1 }));
    }

    [Test]
    public async Task Peers_beyond_the_limit_hold_one_page_and_read_no_further()
    {
        var storing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new Mock<ILinktreeStore>();
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ReturnsAsync([null]);
        store.Setup(service => service.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<SignedLinktree> records, CancellationToken _) => StoreAsync(records.Count));
        var node = new Node { Options = { MaxConcurrentPeers = 2 }, Random = new ListOrder(), Store = store.Object }.Lists(5);
        var pagesRead = new int[6];
        for (var peer = 1; peer <= 5; peer++)
        {
            var number = peer;
            node.Peers.Answer(Node.Peer(peer), (_, _) => PagesAsync(number));
        }

        var round = node.ShareAsync();
        await storing.Task;
        Assert.That(pagesRead.Skip(1), Is.EqualTo(new[] { 3, 3, 1, 1, 1 }), "two peers hold a permit: two batches, and one page ahead");
        stored.SetResult();

        Assert.That((await round).Verdicts.Inserted, Is.EqualTo(15));

        async ValueTask<IReadOnlyList<PutOutcome>> StoreAsync(int count)
        {
            storing.TrySetResult();
            await stored.Task;
            return [.. Enumerable.Repeat(PutOutcome.Inserted, count)];
        }

        async IAsyncEnumerable<PeerPage> PagesAsync(int peer)
        {
            await Task.CompletedTask;
            for (var page = 0; page < 3; page++)
            {
                pagesRead[peer]++;
                yield return new PeerPage([Samples.Linktree((byte)peer, $"{page}")]);
            }
        }
    }

    [Test]
    public async Task Peer_without_useful_records_is_read_no_further_while_the_batch_of_another_is_processed()
    {
        var pagesRead = 0;
        var storing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var readAhead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var readMeanwhile = 0;
        var store = new Mock<ILinktreeStore>();
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ReturnsAsync([null]);
        store.Setup(service => service.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).Returns(StoreAsync);
        var node = new Node { Store = store.Object }.Lists(2).Serves(1, Samples.Linktree());
        node.Peers.Answer(Node.Peer(2), (_, _) => FloodAsync());

        var report = await node.ShareAsync();

        Assert.That(readMeanwhile, Is.EqualTo(3), "the two pages that wait for the store stage and the one that is read ahead");
        Assert.That(report.Verdicts.RejectedByReason[RejectionReason.Malformed], Is.EqualTo(1_000));

        async ValueTask<IReadOnlyList<PutOutcome>> StoreAsync()
        {
            storing.SetResult();
            await readAhead.Task;
            // Meanwhile a flood that nothing holds up would be read on.
            for (var i = 0; i < 100_000; i++)
                await Task.Yield();
            readMeanwhile = Volatile.Read(ref pagesRead);
            return [PutOutcome.Inserted];
        }

        async IAsyncEnumerable<PeerPage> FloodAsync()
        {
            await storing.Task;
            for (var i = 0; i < 1_000; i++)
            {
                if (Interlocked.Increment(ref pagesRead) == 3)
                    readAhead.SetResult();
                yield return new PeerPage([]) { Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 1 } };
            }
        }
    }

    [Test]
    public async Task Slow_peer_delays_no_other()
    {
        var node = new Node { Options = { MaxConcurrentPeers = 2 } }.Lists(4).Serves(4, Samples.Linktree());
        var gate = new TaskCompletionSource();
        node.Peers.Answer(Node.Peer(1), (_, _) => HeldUpAsync());

        var round = node.ShareAsync();
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1), "stored while the slow one still is at it");
        Assert.That(round.IsCompleted, Is.False);
        gate.SetResult();
        await round;

        async IAsyncEnumerable<PeerPage> HeldUpAsync()
        {
            await gate.Task;
            yield return new PeerPage([]);
        }
    }

    [Test]
    public async Task Failed_peer_is_not_asked_until_its_retry_is_due_and_a_success_ends_the_backoff()
    {
        var node = new Node { Random = new ScriptedRandom() }.Lists(1);
        var asked = new List<int>();
        for (var round = 0; round <= 12; round++)
        {
            if (round == 9)
                node.Serves(1);
            if ((await node.ShareAsync()).Peers.Count > 0)
                asked.Add(round);
            node.Clock.Advance(node.Options.Interval);
        }

        Assert.That(asked, Is.EqualTo(new[] { 0, 2, 5, 10, 11, 12 }));
    }

    [Test]
    public async Task Own_addresses_are_not_asked()
    {
        var node = new Node { Options = { OwnUrls = { "http://PEER1.example/" } } }.Lists(2).Serves(2);

        var report = await node.ShareAsync();

        Assert.That(report.Peers.Select(peer => peer.Peer), Is.EqualTo(new[] { Node.Peer(2) }));
    }

    [Test]
    public async Task Empty_node_list_makes_an_empty_round()
    {
        var report = await new Node().Lists().ShareAsync();

        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.Completed));
        Assert.That(report.Peers, Is.Empty);
    }

    [Test]
    public async Task No_node_list_is_an_outcome_that_carries_the_problems()
    {
        var node = new Node();
        var listing = new NodeListing([]) { Status = NodeListingStatus.Unavailable, Problems = ["Nobody home."] };
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).ReturnsAsync(listing);

        var report = await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.NoNodeList));
        Assert.That(report.Nodes, Is.SameAs(listing));
        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "NoNodeList" }), "once, not every round");
        Assert.That(node.Log.Lines.First().Text, Does.Contain("Nobody home."));
    }

    [Test]
    public async Task Known_nodes_are_asked_if_the_list_is_unavailable()
    {
        var node = new Node().Serves(1, Samples.Linktree());
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>()))
            .ReturnsAsync(new NodeListing([Node.Peer(1)]) { Status = NodeListingStatus.Unavailable });

        Assert.That((await node.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.Completed));
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
    }

    [TestCase(typeof(HttpRequestException))]
    [TestCase(typeof(OperationCanceledException))]
    public async Task Exception_of_the_directory_is_logged_and_results_in_no_node_list(Type exception)
    {
        var node = new Node();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Throws((Exception)Activator.CreateInstance(exception)!);

        var report = await node.ShareAsync();

        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.NoNodeList));
        Assert.That(report.Nodes.Problems, Is.EqualTo(new[] { $"The INodeDirectory threw {exception.Name}; see the log." }));
        Assert.That(node.Log.Lines.Single(line => line.Event.Name == "DirectoryThrew").Exception, Is.InstanceOf(exception));
    }

    [Test]
    public async Task Second_concurrent_round_returns_at_once()
    {
        var node = new Node();
        var listing = new TaskCompletionSource<NodeListing>();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(new ValueTask<NodeListing>(listing.Task));

        var first = node.ShareAsync();
        var second = await node.ShareAsync();
        listing.SetResult(new NodeListing([]));

        Assert.That(second.Outcome, Is.EqualTo(RoundOutcome.AlreadyRunning));
        Assert.That(second.Peers, Is.Empty);
        Assert.That(second.Verdicts, Is.EqualTo(VerdictCounts.None));
        Assert.That((await first).Outcome, Is.EqualTo(RoundOutcome.Completed));
        Assert.That((await node.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.Completed), "and afterwards the way is free");
    }

    [Test]
    public async Task Failure_of_the_store_ends_the_round_and_is_thrown_when_all_peers_have_stopped()
    {
        var store = new Mock<ILinktreeStore>();
        var failure = new LinktreeStoreException("The disk is full.");
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ThrowsAsync(failure);
        var node = new Node { Store = store.Object, Random = new ListOrder() }.Lists(9);
        var ended = false;
        node.Peers.Answer(Node.Peer(1), (_, cancellationToken) => UntilCanceledAsync(cancellationToken));
        node.Serves(2, Samples.Linktree());

        await Assert.ThatAsync(() => node.ShareAsync(), Throws.Exception.SameAs(failure));

        Assert.That(ended, Is.True);
        Assert.That(node.Peers.Calls, Has.Count.EqualTo(2), "nobody else was asked");
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<LinktreeKey> keys, CancellationToken _) => new(new LinktreeVersion?[keys.Count]));
        store.Setup(service => service.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([PutOutcome.Inserted]);
        node.Serves(1);
        Assert.That((await node.ShareAsync()).Verdicts.Inserted, Is.EqualTo(1), "the next round works");

        async IAsyncEnumerable<PeerPage> UntilCanceledAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var canceled = new TaskCompletionSource();
            await using var registration = cancellationToken.Register(() => canceled.TrySetCanceled(cancellationToken));
            try
            {
                await canceled.Task;
            }
            finally
            {
                ended = true;
            }

            yield break;
        }
    }

    [Test]
    public async Task Cancellation_ends_the_round_and_keeps_the_stored_records()
    {
        var node = new Node().Lists(2);
        using var cancellation = new CancellationTokenSource();
        var ended = false;
        node.Peers.Answer(Node.Peer(1), (_, token) => OneAndThenNothingAsync(token));

        var round = node.ShareAsync(cancellation.Token);
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        cancellation.Cancel();

        var thrown = await Assert.CatchAsync<OperationCanceledException>(() => round);
        Assert.That(thrown!.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(ended, Is.True, "the enumerator was disposed of");
        Assert.That(await node.HeldAsync(), Has.Count.EqualTo(1));
        Assert.That((await node.Lists().ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.Completed));

        async IAsyncEnumerable<PeerPage> OneAndThenNothingAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            try
            {
                yield return new PeerPage([Samples.Linktree()]);
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Test]
    public void Exception_during_cancellation_is_a_cancellation([Values] bool inTheDirectory)
    {
        using var cancellation = new CancellationTokenSource();
        var node = new Node().Lists(1);
        node.Peers.Answer(Node.Peer(1), (_, _) => Break<IAsyncEnumerable<PeerPage>>());
        if (inTheDirectory)
            node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(Break<ValueTask<NodeListing>>);

        Assert.That(() => node.ShareAsync(cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(node.Log.Names(LogLevel.Information), Is.Empty);

        T Break<T>()
        {
            cancellation.Cancel();
            throw new IOException();
        }
    }

    [Test]
    public void Canceled_token_starts_nothing()
    {
        var node = new Node().Lists(1);

        Assert.That(() => node.ShareAsync(new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        node.Directory.VerifyNoOtherCalls();
    }

    [Test]
    public async Task Round_with_changes_is_one_information_line_and_a_round_without_is_none()
    {
        var node = new Node().Lists(2).Serves(1, Samples.Linktree(1), Samples.Linktree(2).Forged());

        await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(node.Log.Names(LogLevel.Information), Is.EqualTo(new[] { "RoundCompleted" }));
        Assert.That(
            node.Log.Lines.First(line => line.Level == LogLevel.Information).Text,
            Is.EqualTo("Round completed for task task in 00:00:00: 2 peers, 1 failed; 2 records, 1 inserted, 0 replaced, 0 full, 1 rejected."));
        Assert.That(node.Log.Lines.Count(line => line.Event.Name == "PeerFailed"), Is.EqualTo(1), "the dead peer rests in the second round");
    }

    [Test]
    public async Task Submitted_record_is_validated_like_any_other()
    {
        var node = new Node();

        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 2)), Is.EqualTo(new Verdict(VerdictKind.Inserted)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 2)), Is.EqualTo(new Verdict(VerdictKind.Unchanged)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 1)), Is.EqualTo(new Verdict(VerdictKind.Superseded)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 3)), Is.EqualTo(new Verdict(VerdictKind.Replaced)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 4).Forged()), Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(taskId: "other")), Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.OtherTask)));
        Assert.That(await node.Engine.SubmitAsync(Samples.Linktree(timestamp: 9_007_199_254_740_991)), Is.EqualTo(new Verdict(VerdictKind.NotYetValid)));
    }

    [Test]
    public async Task Submission_does_not_wait_for_the_batch_of_a_round()
    {
        var real = new InMemoryLinktreeStore(new DbSharingOptions { TaskId = "task" });
        var gate = new TaskCompletionSource();
        var store = new Mock<ILinktreeStore>();
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>()))
            .Returns((IReadOnlyList<LinktreeKey> keys, CancellationToken token) => real.GetVersionsAsync(keys, token));
        store.Setup(service => service.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>()))
            .Returns(async (IReadOnlyList<SignedLinktree> page, CancellationToken token) =>
            {
                if (page.Count > 1)
                    await gate.Task;
                return await real.PutAsync(page, token);
            });
        var node = new Node { Store = store.Object }.Lists(1).Serves(1, Samples.Linktree(1), Samples.Linktree(2));

        var round = node.ShareAsync();
        Assert.That((await node.Engine.SubmitAsync(Samples.Linktree(3))).Kind, Is.EqualTo(VerdictKind.Inserted));
        Assert.That(round.IsCompleted, Is.False);
        gate.SetResult();
        await round;
    }

    [Test]
    public void Submission_rethrows_the_exception_of_the_verifier()
    {
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(service => service.Verify(It.IsAny<SignedLinktree>())).Throws<ArithmeticException>();

        Assert.That(async () => await new Node { Verifier = verifier.Object }.Engine.SubmitAsync(Samples.Linktree()), Throws.TypeOf<ArithmeticException>());
    }

    [Test]
    public void Submission_of_null_is_an_argument_exception() =>
        Assert.That(async () => await new Node().Engine.SubmitAsync(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("linktree"));

    [Test]
    public async Task Later_changes_of_the_options_have_no_effect()
    {
        var node = new Node().Lists(1).Serves(1, Samples.Linktree(taskId: "task"));
        _ = node.Engine;
        (node.Options.TaskId, node.Options.MaxConcurrentPeers) = ("other", 0);

        Assert.That((await node.ShareAsync()).Verdicts.Inserted, Is.EqualTo(1));
    }

    [Test]
    public async Task Every_list_is_read_again_after_a_failure_of_the_store()
    {
        var store = new Mock<ILinktreeStore>();
        store.Setup(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>())).ThrowsAsync(new LinktreeStoreException("Gone."));
        var node = new Node { Store = store.Object }.Lists(1);
        node.Peers.Serve(Node.Peer(1), new PeerPage([]) { EntityTag = "tag" });
        await node.ShareAsync();
        await node.ShareAsync();

        await Assert.ThatAsync(() => node.Engine.SubmitAsync(Samples.Linktree()).AsTask(), Throws.InstanceOf<LinktreeStoreException>());
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, "tag", null }), "what came back may lack what the tag vouches for");
    }

    [Test]
    public void Options_out_of_range_are_one_exception_that_names_all_of_them()
    {
        var node = new Node { Options = { TaskId = "", MaxConcurrentPeers = 0, Interval = TimeSpan.Zero, PeerLimits = { MaxBadSignatures = 0 } } };

        Assert.That(() => node.Engine, Throws.ArgumentException.With.Property("ParamName").EqualTo("options").And.Message
            .Contains("TaskId is ''").And.Message.Contains("MaxConcurrentPeers is 0").And.Message.Contains("Interval is 00:00:00").And.Message.Contains("MaxBadSignatures is 0"));
    }

    [Test]
    public void Required_services_are_checked()
    {
        var (directory, client, verifier, store) = (Mock.Of<INodeDirectory>(), Mock.Of<IPeerClient>(), Mock.Of<ISignatureVerifier>(), Mock.Of<ILinktreeStore>());
        var options = new DbSharingOptions { TaskId = "task" };

        Assert.That(() => new ReplicationEngine(null!, client, verifier, store, options), Throws.ArgumentNullException);
        Assert.That(() => new ReplicationEngine(directory, null!, verifier, store, options), Throws.ArgumentNullException);
        Assert.That(() => new ReplicationEngine(directory, client, null!, store, options), Throws.ArgumentNullException);
        Assert.That(() => new ReplicationEngine(directory, client, verifier, null!, options), Throws.ArgumentNullException);
        Assert.That(() => new ReplicationEngine(directory, client, verifier, store, null!), Throws.ArgumentNullException);
        Assert.That(() => new ReplicationEngine(directory, client, verifier, store, options), Throws.Nothing);
    }
}
