using System.Transactions;
using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Tests.Storage;

/// <summary>Concurrent calls share a batch, and do not affect each other otherwise.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WriteBatcherTests
{
    private const int MaxRecords = 1024;

    private readonly List<string> _batches = [];
    private readonly Queue<Gate> _gates = [];

    [Test]
    public async Task Calls_during_a_write_are_combined_in_their_order()
    {
        var first = NewGate();
        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        var a = batcher.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        Task<IReadOnlyList<PutOutcome>>[] later = [.. "bcd".Select(uuid => batcher.PutAsync([Create(uuid: $"{uuid}")], default))];

        first.Open.SetResult();
        var outcomes = await Task.WhenAll([a, .. later]);

        Assert.That(_batches, Is.EqualTo(new[] { "a", "bcd" }));
        Assert.That(
            outcomes.Select(outcome => outcome.Single()),
            Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Replaced, PutOutcome.Unchanged }));
        await batcher.Running;
    }

    [Test]
    public async Task Batch_has_at_most_the_maximum_of_records_unless_one_call_has_more()
    {
        var first = NewGate();
        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        var a = batcher.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        int[] sizes = [MaxRecords - 1, 1, 1, MaxRecords + 1, 1];
        Task<IReadOnlyList<PutOutcome>>[] later =
            [.. sizes.Select(size => batcher.PutAsync([.. Enumerable.Repeat(Create(uuid: "u"), size)], default))];

        first.Open.SetResult();
        var outcomes = await Task.WhenAll(later);

        Assert.That(
            _batches.Select(batch => batch.Length),
            Is.EqualTo(new[] { 1, MaxRecords, 1, MaxRecords + 1, 1 }));
        Assert.That(outcomes.Select(outcome => outcome.Count), Is.EqualTo(sizes));
    }

    [Test]
    public async Task Call_that_is_canceled_while_it_waits_is_not_stored_and_the_others_are()
    {
        var first = NewGate();
        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        using var source = new CancellationTokenSource();
        var a = batcher.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = batcher.PutAsync([Create(uuid: "b")], source.Token);
        var c = batcher.PutAsync([Create(uuid: "c")], default);

        await source.CancelAsync();
        first.Open.SetResult();

        Assert.That(async () => await b, Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(source.Token));
        await Task.WhenAll(a, c);
        Assert.That(_batches, Is.EqualTo(new[] { "a", "c" }));
    }

    [Test]
    public async Task Batch_is_canceled_when_all_its_calls_are_canceled()
    {
        var (first, second) = (NewGate(), NewGate());
        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        using var source = new CancellationTokenSource();
        var a = batcher.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = batcher.PutAsync([Create(uuid: "b")], source.Token);
        var c = batcher.PutAsync([Create(uuid: "c")], source.Token);
        first.Open.SetResult();
        await second.Entered.Task;

        await source.CancelAsync();

        Assert.That(async () => await b, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await c, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await batcher.PutAsync([Create(uuid: "d")], default), Has.Count.EqualTo(1), "the batcher continues to work");
        await a;
    }

    [Test]
    public async Task Failure_is_thrown_to_all_calls_of_the_batch_and_to_no_other()
    {
        var (first, second) = (NewGate(), NewGate());
        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        var a = batcher.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = batcher.PutAsync([Create(uuid: "b")], default);
        var c = batcher.PutAsync([Create(uuid: "c")], default);
        second.Open.SetException(new LinktreeStoreException("full"));

        first.Open.SetResult();

        await a;
        Assert.That(async () => await b, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(async () => await c, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(await batcher.PutAsync([Create()], default), Has.Count.EqualTo(1), "the batcher continues to work");
    }

    [Test]
    public async Task Transaction_of_the_first_call_does_not_flow_into_the_batch()
    {
        Transaction? seen = null;
        ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
        {
            seen = Transaction.Current;
            return ValueTask.FromResult<IReadOnlyList<PutOutcome>>([PutOutcome.Inserted]);
        }

        var batcher = new WriteBatcher(PutAsync, MaxRecords);
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await batcher.PutAsync([Create()], default);

        Assert.That(seen, Is.Null);
    }

    /// <summary>Blocks the next batch that has no gate yet.</summary>
    private Gate NewGate()
    {
        var gate = new Gate();
        _gates.Enqueue(gate);
        return gate;
    }

    private async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
    {
        _batches.Add(string.Concat(linktrees.Select(record => record.Uuid)));
        if (_gates.TryDequeue(out var gate))
        {
            gate.Entered.SetResult();
            await gate.Open.Task.WaitAsync(cancellationToken);
        }

        return [.. linktrees.Select((_, index) => (PutOutcome)index)];
    }

    private sealed class Gate
    {
        internal TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
