using System.Runtime.CompilerServices;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Replication;

/// <summary><c>RunAsync</c> on virtual time. The fakes complete on the spot, so a round is over when <c>Advance</c> returns.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReplicationLoopTests
{
    private readonly List<TimeSpan> _rounds = [];
    private readonly CancellationTokenSource _stop = new();
    private DrivingThread _thread = null!;

    [SetUp]
    public void SetUp() => _thread = new DrivingThread();

    [TearDown]
    public void TearDown()
    {
        _thread.Dispose();
        _stop.Dispose();
    }

    [Test]
    public async Task First_round_starts_after_a_random_part_of_the_interval_and_the_others_a_varied_interval_apart()
    {
        var node = Counting(new Node { Random = new ScriptedRandom(0.25, 0, 0.5, 0.75) });

        var loop = node.Engine.RunAsync(_stop.Token);
        Assert.That(_rounds, Is.Empty);
        for (var i = 0; i < 70_000 && _rounds.Count < 4; i++)
            node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await StopAsync(loop);

        Assert.That(_rounds.Select(at => at.TotalSeconds), Is.EqualTo(new[] { 5, 5 + 18, 23 + 20, 43 + 21 }));
    }

    [Test]
    public async Task Time_that_a_round_takes_is_part_of_the_interval()
    {
        var node = Counting(new Node { Random = new ScriptedRandom(0, 0.5, 0.5) }, takes: TimeSpan.FromSeconds(7));

        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(13));
        Assert.That(_rounds, Has.Count.EqualTo(2));
        await StopAsync(loop);

        Assert.That(_rounds, Is.EqualTo(new[] { TimeSpan.Zero, TimeSpan.FromSeconds(20) }));
    }

    [Test]
    public async Task Round_longer_than_the_interval_is_followed_by_a_short_pause()
    {
        var node = Counting(new Node { Random = new ScriptedRandom(0, 0.5, 0.5) }, takes: TimeSpan.FromSeconds(50));

        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_rounds, Has.Count.EqualTo(2));
        await StopAsync(loop);

        Assert.That(_rounds, Is.EqualTo(new[] { TimeSpan.Zero, TimeSpan.FromSeconds(51) }));
    }

    [Test]
    public async Task Rounds_never_overlap()
    {
        var node = new Node { Random = new ScriptedRandom(0) };
        var listing = new TaskCompletionSource<NodeListing>();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(() =>
        {
            _rounds.Add(TimeSpan.Zero);
            return new ValueTask<NodeListing>(listing.Task);
        });

        var loop = node.Engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromHours(1));
        Assert.That(_rounds, Has.Count.EqualTo(1));
        Assert.That(node.Clock.IsIdle, Is.True, "the next round is not even planned");
        listing.SetCanceled();
        await StopAsync(loop);
    }

    [Test]
    public async Task Loop_continues_after_a_failing_store_and_a_failing_service()
    {
        var store = new Mock<ILinktreeStore>();
        store.SetupSequence(service => service.GetVersionsAsync(It.IsAny<IReadOnlyList<LinktreeKey>>(), It.IsAny<CancellationToken>()))
            .ThrowsAsync(new LinktreeStoreException("The disk is full."))
            .ReturnsAsync([])
            .ThrowsAsync(new OperationCanceledException())
            .ReturnsAsync([null]);
        store.Setup(service => service.PutAsync(It.IsAny<IReadOnlyList<SignedLinktree>>(), It.IsAny<CancellationToken>())).ReturnsAsync([PutOutcome.Inserted]);
        var node = new Node { Random = new ScriptedRandom(0, 0.5, 0.5, 0.5, 0.5), Store = store.Object }.Lists(1).Serves(1, Samples.Linktree());

        var loop = node.Engine.RunAsync(_stop.Token);
        for (var round = 1; round < 4; round++)
            node.Clock.Advance(TimeSpan.FromSeconds(20));
        await StopAsync(loop);

        Assert.That(node.Log.Lines.Where(line => line.Level >= LogLevel.Information).Select(line => (line.Level, line.Event.Name)), Is.EqualTo(new[]
        {
            (LogLevel.Information, "Started"), (LogLevel.Warning, "StoreFailed"), (LogLevel.Error, "RoundFailed"), (LogLevel.Error, "RoundFailed"), (LogLevel.Information, "RoundCompleted"),
        }));
    }

    [Test]
    public async Task Logger_that_throws_does_not_end_the_loop()
    {
        var node = new Node { Random = new ScriptedRandom(0, 0.5, 0.5) }.Lists(1).Serves(1, Samples.Linktree());
        var engine = new ReplicationEngine(
            node.Directory.Object, node.Peers, node.Checker, node.Store, node.Options,
            new ReplicationEngineServices { TimeProvider = node.Clock, Random = node.Random, LoggerFactory = new ThrowingLogger(), StoreScheduler = null });

        var loop = engine.RunAsync(_stop.Token);
        node.Clock.Advance(TimeSpan.FromSeconds(21));
        await StopAsync(loop);

        Assert.That(node.Peers.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Loop_skips_a_round_while_the_application_runs_one()
    {
        var node = new Node { Random = new ScriptedRandom(0, 0.5) };
        var listing = new TaskCompletionSource<NodeListing>();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(new ValueTask<NodeListing>(listing.Task));

        var own = node.ShareAsync();
        var loop = node.Engine.RunAsync(_stop.Token);
        Assert.That(node.Log.Names(), Is.EqualTo(new[] { "Started", "RoundSkipped" }));
        listing.SetResult(new NodeListing([]));
        await own;
        await StopAsync(loop);
    }

    [Test]
    public async Task Loop_ends_normally_while_it_waits()
    {
        var node = Counting(new Node());

        var loop = node.Engine.RunAsync(_stop.Token);
        await StopAsync(loop);

        Assert.That(node.Clock.IsIdle, Is.True);
        Assert.That(_rounds, Is.Empty);
    }

    [Test]
    public async Task Loop_ends_normally_during_a_round()
    {
        var node = new Node { Random = new ScriptedRandom(0) }.Lists(1);
        node.Peers.Answer(Node.Peer(1), HangsAsync);

        var loop = node.Engine.RunAsync(_stop.Token);
        Assert.That(node.Peers.Calls, Has.Count.EqualTo(1));
        await StopAsync(loop);

        Assert.That(node.Log.Names(LogLevel.Warning), Is.Empty, "a stop is not a failure");

        static async IAsyncEnumerable<PeerPage> HangsAsync(string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            yield break;
        }
    }

    [Test]
    public async Task Loop_that_is_canceled_before_it_starts_ends_normally()
    {
        var node = Counting(new Node());

        await node.Engine.RunAsync(new CancellationToken(true));

        Assert.That(_rounds, Is.Empty);
    }

    private Node Counting(Node node, TimeSpan takes = default)
    {
        var start = node.Clock.GetUtcNow();
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(() =>
        {
            _rounds.Add(node.Clock.GetUtcNow() - start);
            if (_rounds.Count == 1 && takes > TimeSpan.Zero)
                node.Clock.Advance(takes);
            return new ValueTask<NodeListing>(new NodeListing([]));
        });
        return node;
    }

    private async Task StopAsync(Task loop)
    {
        Assert.That(loop.IsCompleted, Is.False);
        await _stop.CancelAsync();
        await loop;
    }

    private sealed class ThrowingLogger : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new InvalidOperationException();

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }
}
