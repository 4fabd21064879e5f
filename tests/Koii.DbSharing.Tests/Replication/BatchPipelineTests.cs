using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Replication;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BatchPipelineTests
{
    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");
    private static readonly NodeAddress Other = NodeAddress.Parse("http://other.example");
    private static readonly DbSharingOptions Options = new() { TaskId = "task", LinktreesPerAuthor = 2, MaxRecords = 6 };

    private readonly FakeClock _clock = new();
    private readonly FakeVerifier _verifier = new();
    private readonly GatedStore _store = new(Options);
    private readonly RejectionCache _rejections;
    private readonly BatchPipeline _batches;

    public BatchPipelineTests()
    {
        _rejections = new RejectionCache(_clock);
        _batches = new BatchPipeline(Processor(_store, _verifier, _rejections), storeScheduler: null, CancellationToken.None);
    }

    [Test]
    public async Task Next_batch_is_verified_while_a_batch_is_stored_and_is_stored_after_it()
    {
        var first = _batches.ProcessAsync(Peer, Samples.Linktree(1));
        var second = _batches.ProcessAsync(Peer, Samples.Linktree(2));
        var put = await _store.StartedAsync(0);
        Assert.That((_verifier.Checks, _store.Started), Is.EqualTo((2, 1)));
        Assert.That(put.Records, Is.EqualTo(new[] { Samples.Linktree(1) }));
        put.LetGo();

        Assert.That(KindsOf(await first), Is.EqualTo(new[] { VerdictKind.Inserted }));
        Assert.That(second.IsCompleted, Is.False);
        (await _store.StartedAsync(1)).LetGo();
        Assert.That(KindsOf(await second), Is.EqualTo(new[] { VerdictKind.Inserted }));
    }

    [Test]
    public async Task Record_that_two_peers_offer_is_verified_and_stored_once()
    {
        var first = _batches.ProcessAsync(Peer, Samples.Linktree(1), Samples.Linktree(2));
        var second = _batches.ProcessAsync(Other, Samples.Linktree(1), Samples.Linktree(2).Resigned(7), Samples.Linktree(3));
        Assert.That(_verifier.Checks, Is.EqualTo(3), "what both offer once, and what only the second offers");
        (await _store.StartedAsync(0)).LetGo();
        var put = await _store.StartedAsync(1);
        put.LetGo();

        Assert.That(KindsOf(await first), Is.All.EqualTo(VerdictKind.Inserted));
        Assert.That(KindsOf(await second), Is.EqualTo(new[] { VerdictKind.Unchanged, VerdictKind.Unchanged, VerdictKind.Inserted }));
        Assert.That(put.Records, Is.EqualTo(new[] { Samples.Linktree(3) }));
        Assert.That(_verifier.Checks, Is.EqualTo(3));
    }

    [Test]
    public async Task Newer_version_of_a_record_that_is_being_stored_is_decided_after_the_put_and_replaces_it()
    {
        var old = Samples.Linktree(timestamp: 1);
        var first = _batches.ProcessAsync(Peer, old);
        var second = _batches.ProcessAsync(Peer, Samples.Linktree(timestamp: 2));
        Assert.That(_verifier.Checks, Is.EqualTo(1));
        (await _store.StartedAsync(0)).LetGo();
        (await _store.StartedAsync(1)).LetGo();

        Assert.That(KindsOf(await first).Concat(KindsOf(await second)), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Replaced }));
        Assert.That(_rejections.IsSettled(old.Id), Is.True, "the replaced version was looked up after the first put");
    }

    [Test]
    public async Task Older_version_of_a_record_that_is_being_stored_is_superseded_without_a_check()
    {
        var first = _batches.ProcessAsync(Peer, Samples.Linktree(timestamp: 2));
        var second = _batches.ProcessAsync(Peer, Samples.Linktree(timestamp: 1));
        (await _store.StartedAsync(0)).LetGo();
        await first;

        Assert.That(KindsOf(await second), Is.EqualTo(new[] { VerdictKind.Superseded }));
        Assert.That((_verifier.Checks, _store.Started), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Held_version_that_the_put_under_way_evicts_is_looked_up_again()
    {
        var evicted = Samples.Linktree(uuid: "a", timestamp: 1);
        await _store.HoldAsync(evicted, Samples.Linktree(uuid: "b", timestamp: 2), Samples.Linktree(author: 2));
        var first = _batches.ProcessAsync(Peer, Samples.Linktree(uuid: "c", timestamp: 3));
        var second = _batches.ProcessAsync(Other, evicted, Samples.Linktree(author: 2));
        (await _store.StartedAsync(0)).LetGo();
        await first;
        var put = await _store.StartedAsync(1);
        put.LetGo();

        Assert.That(put.Records, Is.EqualTo(new[] { evicted }));
        Assert.That(KindsOf(await second), Is.EqualTo(new[] { VerdictKind.Superseded, VerdictKind.Unchanged }));
        Assert.That(_rejections.IsSettled(evicted.Id), Is.True);
    }

    [Test]
    public async Task Up_to_four_waiting_batches_are_stored_by_one_call_and_each_gets_its_outcomes()
    {
        await _store.HoldAsync(Samples.Linktree(3, timestamp: 1));
        var results = new List<Task<BatchResult>>();
        for (byte author = 1; author <= 6; author++)
            results.Add(_batches.ProcessAsync(author % 2 == 0 ? Peer : Other, Samples.Linktree(author, timestamp: 2), Samples.Linktree(author, "bad").Forged()));
        (await _store.StartedAsync(0)).LetGo();
        var combined = await _store.StartedAsync(1);
        Assert.That(combined.Records, Is.EqualTo(Enumerable.Range(2, 4).Select(author => Samples.Linktree((byte)author, timestamp: 2))));
        combined.LetGo();
        (await _store.StartedAsync(2)).LetGo();

        var verdicts = await Task.WhenAll(results);
        Assert.That(verdicts.Select(result => result.Verdicts[0].Kind), Is.EqualTo(new[]
        {
            VerdictKind.Inserted, VerdictKind.Inserted, VerdictKind.Replaced, VerdictKind.Inserted, VerdictKind.Inserted, VerdictKind.Inserted,
        }));
        Assert.That(verdicts.Select(result => result.Verdicts[1].Kind), Is.All.EqualTo(VerdictKind.Rejected));
        Assert.That(_store.Started, Is.EqualTo(3));
    }

    [Test]
    public async Task Batch_that_a_waiting_batch_concerns_is_not_stored_by_the_same_call()
    {
        var results = new[] { Samples.Linktree(1), Samples.Linktree(2, timestamp: 1), Samples.Linktree(2, timestamp: 2) }.Select(record => _batches.ProcessAsync(Peer, record)).ToArray();
        (await _store.StartedAsync(0)).LetGo();
        var second = await _store.StartedAsync(1);
        Assert.That(second.Records, Has.Count.EqualTo(1));
        second.LetGo();
        (await _store.StartedAsync(2)).LetGo();

        Assert.That((await Task.WhenAll(results)).SelectMany(KindsOf), Is.EqualTo(new[] { VerdictKind.Inserted, VerdictKind.Inserted, VerdictKind.Replaced }));
    }

    [Test]
    public async Task Nothing_is_verified_or_stored_after_a_failed_put()
    {
        var first = _batches.ProcessAsync(Peer, Samples.Linktree(1));
        var second = _batches.ProcessAsync(Other, Samples.Linktree(2));
        var failure = new LinktreeStoreException("Full disk.");
        (await _store.StartedAsync(0)).Fail(failure);

        Assert.That(async () => await first, Throws.Exception.SameAs(failure));
        Assert.That(async () => await second, Throws.Exception.SameAs(failure));
        Assert.That(async () => await _batches.ProcessAsync(Peer, Samples.Linktree(3)), Throws.Exception.SameAs(failure));
        Assert.That((_verifier.Checks, _store.Started), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task Store_that_works_synchronously_does_not_delay_the_next_verification()
    {
        using var isVerified = new ManualResetEventSlim();
        var store = new BlockingStore(new InMemoryLinktreeStore(Options), () => isVerified.Wait(TimeSpan.FromSeconds(30)));
        var batches = new BatchPipeline(Processor(store, _verifier, _rejections), TaskScheduler.Default, CancellationToken.None);

        var first = batches.ProcessAsync(Peer, Samples.Linktree(1));
        var second = batches.ProcessAsync(Peer, Samples.Linktree(2));
        Assert.That(_verifier.Checks, Is.EqualTo(2));
        isVerified.Set();

        Assert.That(KindsOf(await first).Concat(KindsOf(await second)), Is.All.EqualTo(VerdictKind.Inserted));
        Assert.That(store.WasLetGo, Is.True, "verified within the put of the first batch, and not after it");
    }

    [Test]
    public void Verdicts_and_checks_and_cache_are_those_of_one_batch_after_another()
    {
        var runs = from batches in Record().ListOf().ListOf(8)
                   from pauses in Gen.Elements(true, false).ListOf(8)
                   select (Batches: batches, Pauses: pauses);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(runs.ToArbitrary(), run => RunOverlapped(run.Batches, run.Pauses) == RunOneByOne(run.Batches)));
    }

    private static Gen<SignedLinktree> Record() =>
        from author in Gen.Choose(1, 4)
        from uuid in Gen.Elements("a", "b", "c")
        from timestamp in Gen.Choose(1, 5)
        from signature in Gen.Choose(0, 3)
        let record = Samples.Linktree((byte)author, uuid, timestamp)
        select signature == 0 ? record.Forged((byte)author) : record;

    private static string RunOneByOne(IReadOnlyList<IReadOnlyList<SignedLinktree>> batches)
    {
        var (verifier, rejections) = (new FakeVerifier(), new RejectionCache(new FakeClock()));
        var processor = Processor(new InMemoryLinktreeStore(Options), verifier, rejections);
        return Describe(batches, [.. batches.Select(batch => processor.ProcessAsync(Peer, batch).GetAwaiter().GetResult())], verifier, rejections);
    }

    /// <summary>Each pause lets all puts go that wait by then.</summary>
    private static string RunOverlapped(IReadOnlyList<IReadOnlyList<SignedLinktree>> batches, IReadOnlyList<bool> pauses)
    {
        using var thread = new DrivingThread();
        var (verifier, rejections, store) = (new FakeVerifier(), new RejectionCache(new FakeClock()), new GatedStore(Options));
        var pipeline = new BatchPipeline(Processor(store, verifier, rejections), storeScheduler: null, CancellationToken.None);
        var results = new List<Task<BatchResult>>();
        for (var i = 0; i < batches.Count; i++)
        {
            results.Add(pipeline.ProcessAsync(Peer, batches[i]));
            if (pauses[i] || i == batches.Count - 1)
                store.LetAllGoUntilAsync(Task.WhenAll(results)).GetAwaiter().GetResult();
        }

        return Describe(batches, [.. results.Select(result => result.Result)], verifier, rejections);
    }

    private static string Describe(
        IReadOnlyList<IReadOnlyList<SignedLinktree>> batches, IReadOnlyList<BatchResult> results, FakeVerifier verifier, RejectionCache rejections) =>
        string.Join('\n', results.Select(result => $"{string.Join(' ', result.Verdicts)} {result.FailedChecks}"))
        + $"\n{verifier.Checks} {rejections.Count}"
        + string.Join(' ', batches.SelectMany(batch => batch).Select(record => rejections.IsSettled(record.Id)));

    private static RecordProcessor Processor(ILinktreeStore store, FakeVerifier verifier, RejectionCache rejections) =>
        new(Options, rejections, verifier, batchVerifier: null, policy: null, store, new FakeClock());

    private static IEnumerable<VerdictKind> KindsOf(BatchResult result) => result.Verdicts.Select(verdict => verdict.Kind);

    /// <summary>A store whose put blocks its thread.</summary>
    private sealed class BlockingStore(InMemoryLinktreeStore store, Func<bool> wait) : ILinktreeStore
    {
        public bool WasLetGo { get; private set; }

        public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
        {
            WasLetGo = wait();
            return store.PutAsync(linktrees, cancellationToken);
        }

        public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
            store.GetVersionsAsync(keys, cancellationToken);

        public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) => store.GetAsync(ids, cancellationToken);

        public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default) => store.ListAsync(query, cancellationToken);
    }
}
