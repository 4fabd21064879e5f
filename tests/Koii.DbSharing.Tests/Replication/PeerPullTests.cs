using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

public sealed class PeerPullTests
{
    private static readonly PeerPage OneRecord = new([Samples.Linktree()]);

    [Test]
    public async Task Failure_on_the_last_page_keeps_the_records_before_it()
    {
        var node = new Node().Lists(1);
        var failure = new PeerFailure(PeerFailureKind.Interrupted) { Detail = "Cut." };
        node.Peers.Serve(Node.Peer(1), [OneRecord, new PeerPage([Samples.Linktree(2)]) { Failure = failure }]);

        var peer = (await node.ShareAsync()).Peers.Single();

        Assert.That((peer.Failure, peer.Path, peer.Verdicts.Inserted), Is.EqualTo((failure, PeerPath.FullList, 2)));
    }

    [Test]
    public async Task Empty_list_counts_as_read()
    {
        var node = new Node().Lists(2);
        node.Peers.Serve(Node.Peer(1), [new PeerPage([])]);
        node.Peers.Serve(Node.Peer(2), []);

        var report = await node.ShareAsync();

        Assert.That(report.Peers.Select(peer => (peer.Path, peer.Failure)), Is.All.EqualTo((PeerPath.FullList, (PeerFailure?)null)));
    }

    private static IEnumerable<TestCaseData> ClientFaults()
    {
        yield return new TestCaseData(new HttpRequestException(), PeerFailureKind.Unreachable, PeerFailureKind.Unreachable);
        yield return new TestCaseData(new IOException(), PeerFailureKind.Unreachable, PeerFailureKind.Interrupted);
        yield return new TestCaseData(new SocketException(), PeerFailureKind.Unreachable, PeerFailureKind.Interrupted);
        yield return new TestCaseData(new TimeoutException(), PeerFailureKind.TimedOut, PeerFailureKind.TimedOut);
        yield return new TestCaseData(new OperationCanceledException(), PeerFailureKind.TimedOut, PeerFailureKind.TimedOut);
        yield return new TestCaseData(new TaskCanceledException(), PeerFailureKind.TimedOut, PeerFailureKind.TimedOut);
        yield return new TestCaseData(new InvalidOperationException(), PeerFailureKind.UnexpectedError, PeerFailureKind.UnexpectedError);
    }

    [TestCaseSource(nameof(ClientFaults))]
    public async Task Exception_of_the_client_is_the_failure_of_that_peer_alone(Exception fault, PeerFailureKind atOnce, PeerFailureKind afterAPage)
    {
        var node = new Node().Lists(4).Serves(4, Samples.Linktree(9));
        node.Peers.Answer(Node.Peer(1), (_, _) => throw fault);
        node.Peers.Answer(Node.Peer(2), (_, _) => ThrowsAfterAsync([], fault));
        node.Peers.Answer(Node.Peer(3), (_, _) => ThrowsAfterAsync([OneRecord], fault));

        var report = await node.ShareAsync();

        Assert.That(report.Peers.Select(peer => peer.Failure?.Kind), Is.EqualTo(new PeerFailureKind?[] { atOnce, atOnce, afterAPage, null }));
        Assert.That(report.Peers.Select(peer => peer.Path), Is.EqualTo(new[] { PeerPath.None, PeerPath.None, PeerPath.FullList, PeerPath.FullList }));
        Assert.That(report.Peers[0].Failure!.Detail, Is.EqualTo($"The IPeerClient threw {fault.GetType().Name}."));
        Assert.That(report.Verdicts.Inserted, Is.EqualTo(2), "the record before the exception, and the other peer's");
        Assert.That(node.Log.Lines.Count(line => line.Exception == fault), Is.EqualTo(3));
        Assert.That(node.Log.Lines.Any(line => line.Level >= LogLevel.Warning), Is.EqualTo(atOnce == PeerFailureKind.UnexpectedError));
    }

    [Test]
    public async Task Exception_of_the_verifier_is_the_failure_of_that_peer_and_is_logged_as_an_error()
    {
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(service => service.Verify(It.IsAny<SignedLinktree>())).Returns(true);
        verifier.Setup(service => service.Verify(Samples.Linktree(1))).Throws<ArithmeticException>();
        var node = new Node { Verifier = verifier.Object }.Lists(2).Serves(1, Samples.Linktree(1)).Serves(2, Samples.Linktree(2));

        var report = await node.ShareAsync();

        Assert.That(report.Peers[0].Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.UnexpectedError) { Detail = "The ISignatureVerifier threw ArithmeticException." }));
        Assert.That(report.Peers[1].Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(node.Log.Lines.Single(line => line.Level == LogLevel.Error).Exception, Is.TypeOf<ArithmeticException>());
    }

    [Test]
    public async Task Pull_ends_after_too_many_bad_signatures_and_keeps_the_records_before()
    {
        var node = new Node { Options = { PeerLimits = { MaxBadSignatures = 3 } } }.Lists(1);
        var read = 0;
        var ended = false;
        node.Peers.Answer(Node.Peer(1), (_, _) => EndlessAsync());

        var peer = (await node.ShareAsync()).Peers.Single();

        Assert.That(peer.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooManyBadSignatures));
        Assert.That(peer.Verdicts.Inserted, Is.EqualTo(3));
        Assert.That(peer.Verdicts.RejectedByReason, Is.EqualTo(new Dictionary<RejectionReason, long> { [RejectionReason.BadSignature] = 3 }));
        Assert.That(read, Is.EqualTo(4), "three pages and the one that was read ahead");
        Assert.That(ended, Is.True);

        async IAsyncEnumerable<PeerPage> EndlessAsync()
        {
            await Task.CompletedTask;
            try
            {
                while (true)
                {
                    read++;
                    yield return new PeerPage([Samples.Linktree(1, $"{read}", read), Samples.Linktree(2, $"{read}", read).Forged()]);
                }
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Test]
    public async Task Malformed_elements_cost_no_signature_check_and_do_not_end_the_pull()
    {
        var node = new Node { Options = { PeerLimits = { MaxBadSignatures = 3 } } }.Lists(1);
        node.Peers.Serve(Node.Peer(1), [new PeerPage([]) { Malformed = new Dictionary<RejectionReason, int> { [RejectionReason.Malformed] = 1_000_000 } }, OneRecord]);

        var peer = (await node.ShareAsync()).Peers.Single();

        Assert.That((peer.Failure, peer.Verdicts.Inserted, peer.Verdicts.Rejected), Is.EqualTo(((PeerFailure?)null, 1L, 1_000_000L)));
    }

    [Test]
    public async Task One_page_is_read_ahead_while_a_page_is_processed()
    {
        var asked = 0;
        var askedAtFirstCheck = 0;
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(service => service.Verify(It.IsAny<SignedLinktree>())).Returns(() =>
        {
            if (askedAtFirstCheck == 0)
                askedAtFirstCheck = asked;
            return true;
        });
        var node = new Node { Verifier = verifier.Object }.Lists(1);
        node.Peers.Answer(Node.Peer(1), (_, _) => FivePagesAsync());

        await node.ShareAsync();

        Assert.That((askedAtFirstCheck, asked), Is.EqualTo((2, 5)));

        async IAsyncEnumerable<PeerPage> FivePagesAsync()
        {
            await Task.CompletedTask;
            for (byte author = 1; author <= 5; author++)
            {
                asked++;
                yield return new PeerPage([Samples.Linktree(author)]);
            }
        }
    }

    [Test]
    public async Task Read_ahead_is_canceled_before_the_enumerator_is_disposed()
    {
        var node = new Node { Options = { PeerLimits = { MaxBadSignatures = 1 } } }.Lists(1);
        var steps = new List<string>();
        node.Peers.Answer(Node.Peer(1), HangsAfterAPageAsync);

        var peer = (await node.ShareAsync()).Peers.Single();

        Assert.That(peer.Failure?.Kind, Is.EqualTo(PeerFailureKind.TooManyBadSignatures));
        Assert.That(steps, Is.EqualTo(new[] { "canceled", "ended" }));

        async IAsyncEnumerable<PeerPage> HangsAfterAPageAsync(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            try
            {
                yield return new PeerPage([Samples.Linktree().Forged()]);
                var canceled = new TaskCompletionSource();
                using var registration = cancellationToken.Register(() =>
                {
                    steps.Add("canceled");
                    canceled.TrySetCanceled(cancellationToken);
                });
                await canceled.Task;
            }
            finally
            {
                steps.Add("ended");
            }
        }
    }

    [Test]
    public async Task Exception_at_the_closing_of_the_request_changes_nothing()
    {
        var node = new Node().Lists(1);
        node.Peers.Answer(Node.Peer(1), (_, _) => ThrowsAtEndAsync());

        var peer = (await node.ShareAsync()).Peers.Single();

        Assert.That(peer.Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus)));
        Assert.That(peer.Verdicts.Inserted, Is.EqualTo(1));
        Assert.That(node.Log.Names(), Does.Contain("ClosingFailed"));

        static async IAsyncEnumerable<PeerPage> ThrowsAtEndAsync()
        {
            yield return OneRecord with { Failure = new PeerFailure(PeerFailureKind.HttpStatus) };
            await Task.CompletedTask;
            throw new InvalidOperationException("Too late.");
        }
    }

    [Test]
    public async Task Entity_tag_is_sent_in_the_next_round_and_an_unchanged_list_costs_nothing()
    {
        var node = new Node().Lists(1);
        node.Peers.Answer(Node.Peer(1), (entityTag, _) => Tagged(entityTag));

        await node.ShareAsync();
        var peer = (await node.ShareAsync()).Peers.Single();
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, "tag", "tag" }));
        Assert.That((peer.Path, peer.Verdicts, peer.BytesReceived), Is.EqualTo((PeerPath.NotModified, VerdictCounts.None, 17L)));

        static async IAsyncEnumerable<PeerPage> Tagged(string? entityTag)
        {
            await Task.CompletedTask;
            if (entityTag is null)
                yield return OneRecord;
            yield return entityTag is null ? new PeerPage([Samples.Linktree(2)]) { EntityTag = "tag" } : new PeerPage([]) { NotModified = true, BytesReceived = 17 };
        }
    }

    [Test]
    public async Task Entity_tag_before_the_last_page_is_ignored()
    {
        var node = new Node().Lists(1);
        node.Peers.Serve(Node.Peer(1), OneRecord with { EntityTag = "too early" }, new PeerPage([Samples.Linktree(2)]));

        await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.All.Null);
    }

    [Test]
    public async Task Earliest_due_time_of_all_pages_counts()
    {
        var node = new Node().Lists(1);
        var soon = Samples.Linktree(timestamp: node.Clock.GetUtcNow().AddMinutes(30).ToUnixTimeMilliseconds());
        var later = Samples.Linktree(2, timestamp: node.Clock.GetUtcNow().AddMinutes(40).ToUnixTimeMilliseconds());
        node.Peers.Serve(Node.Peer(1), new PeerPage([soon]), new PeerPage([later]) { EntityTag = "tag" });

        await node.ShareAsync();
        node.Clock.Advance(TimeSpan.FromMinutes(20));
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.All.Null);
        Assert.That(await node.HeldAsync(), Is.EqualTo(new[] { soon }));
    }

    [Test]
    public async Task Entity_tag_is_not_sent_once_an_early_record_is_due()
    {
        var node = new Node().Lists(1);
        var ahead = Samples.Linktree(timestamp: node.Clock.GetUtcNow().AddMinutes(30).ToUnixTimeMilliseconds());
        node.Peers.Serve(Node.Peer(1), [new PeerPage([ahead]), new PeerPage([Samples.Linktree(2)]) { EntityTag = "tag" }]);

        await node.ShareAsync();
        await node.ShareAsync();
        node.Clock.Advance(TimeSpan.FromMinutes(19));
        await node.ShareAsync();
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        await node.ShareAsync();

        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.EqualTo(new[] { null, null, "tag", null }));
        Assert.That(await node.HeldAsync(), Does.Contain(ahead));
    }

    [Test]
    public async Task Entity_tag_of_a_list_that_met_a_full_store_is_not_sent()
    {
        var node = new Node { Options = { MaxRecords = 1 } }.Lists(1);
        node.Peers.Serve(Node.Peer(1), [new PeerPage([Samples.Linktree(1), Samples.Linktree(2)]) { EntityTag = "tag" }]);

        var report = await node.ShareAsync();
        await node.ShareAsync();

        Assert.That(report.Verdicts, Is.EqualTo(new VerdictCounts { Inserted = 1, Full = 1 }));
        Assert.That(node.Peers.Calls.Select(call => call.EntityTag), Is.All.Null);
    }

    [Test]
    public async Task Failed_peer_is_one_debug_line()
    {
        var node = new Node().Lists(2).Serves(2);

        await node.ShareAsync();

        Assert.That(node.Log.Lines.Select(line => (line.Level, line.Event.Name)), Is.EqualTo(new[] { (LogLevel.Debug, "PeerFailed"), (LogLevel.Debug, "RoundCompleted") }));
    }

    [Test]
    public async Task Failure_of_all_peers_is_one_warning_until_a_peer_succeeds()
    {
        var node = new Node().Lists(2);

        await node.ShareAsync();
        await AgainAsync();
        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "AllPeersFailed" }));
        Assert.That(node.Log.Lines.Single(line => line.Level == LogLevel.Warning).Text, Does.Contain($"All 2 peers failed for task task. First failure: {Node.Peer(1)}: Unreachable. "));

        node.Serves(1);
        await AgainAsync();
        node.Peers.Answer(Node.Peer(1), (_, _) => throw new HttpRequestException());
        await AgainAsync();
        Assert.That(node.Log.Names(LogLevel.Warning), Is.EqualTo(new[] { "AllPeersFailed", "AllPeersFailed" }));

        Task AgainAsync()
        {
            node.Clock.Advance(TimeSpan.FromHours(1)); // Longer than any backoff.
            return node.ShareAsync();
        }
    }

    private static async IAsyncEnumerable<PeerPage> ThrowsAfterAsync(IReadOnlyList<PeerPage> pages, Exception fault)
    {
        await Task.CompletedTask;
        foreach (var page in pages)
            yield return page;
        throw fault;
    }
}
