using System.Transactions;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>Calls at once share a turn, and nothing else.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WriteBatcherTests
{
    private readonly List<string> _turns = [];
    private readonly Queue<Gate> _gates = [];

    [Test]
    public async Task Pages_that_come_while_one_is_being_stored_go_together_in_the_order_of_their_calls()
    {
        var first = NewGate();
        var queue = new WriteBatcher(PutAsync);
        var a = queue.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        Task<IReadOnlyList<PutOutcome>>[] later = [.. "bcd".Select(uuid => queue.PutAsync([Create(uuid: $"{uuid}")], default))];

        first.Open.SetResult();
        var outcomes = await Task.WhenAll([a, .. later]);

        Assert.That(_turns, Is.EqualTo(new[] { "a", "bcd" }));
        Assert.That(outcomes.Select(outcome => outcome.Single()), Is.EqualTo(new[] { PutOutcome.Inserted, PutOutcome.Inserted, PutOutcome.Replaced, PutOutcome.Unchanged }));
        await queue.Running;
    }

    [Test]
    public async Task Turn_has_no_more_records_than_a_page_unless_one_call_has()
    {
        var first = NewGate();
        var queue = new WriteBatcher(PutAsync);
        var a = queue.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        int[] sizes = [WriteBatcher.MaxRecordsAtOnce - 1, 1, 1, WriteBatcher.MaxRecordsAtOnce + 1, 1];
        Task<IReadOnlyList<PutOutcome>>[] later = [.. sizes.Select(size => queue.PutAsync([.. Enumerable.Repeat(Create(uuid: "u"), size)], default))];

        first.Open.SetResult();
        var outcomes = await Task.WhenAll(later);

        Assert.That(_turns.Select(turn => turn.Length), Is.EqualTo(new[] { 1, WriteBatcher.MaxRecordsAtOnce, 1, WriteBatcher.MaxRecordsAtOnce + 1, 1 }));
        Assert.That(outcomes.Select(outcome => outcome.Count), Is.EqualTo(sizes));
    }

    [Test]
    public async Task Call_that_is_cancelled_before_its_turn_is_not_stored_and_the_others_are()
    {
        var first = NewGate();
        var queue = new WriteBatcher(PutAsync);
        using var source = new CancellationTokenSource();
        var a = queue.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = queue.PutAsync([Create(uuid: "b")], source.Token);
        var c = queue.PutAsync([Create(uuid: "c")], default);

        await source.CancelAsync();
        first.Open.SetResult();

        Assert.That(async () => await b, Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(source.Token));
        await Task.WhenAll(a, c);
        Assert.That(_turns, Is.EqualTo(new[] { "a", "c" }));
    }

    [Test]
    public async Task Turn_ends_when_the_last_that_waits_for_it_gives_up()
    {
        var (first, second) = (NewGate(), NewGate());
        var queue = new WriteBatcher(PutAsync);
        using var source = new CancellationTokenSource();
        var a = queue.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = queue.PutAsync([Create(uuid: "b")], source.Token);
        var c = queue.PutAsync([Create(uuid: "c")], source.Token);
        first.Open.SetResult();
        await second.Entered.Task;

        await source.CancelAsync();

        Assert.That(async () => await b, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await c, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await queue.PutAsync([Create(uuid: "d")], default), Has.Count.EqualTo(1), "the queue goes on");
        await a;
    }

    [Test]
    public async Task Failure_is_that_of_all_whose_turn_it_was_and_of_nobody_else()
    {
        var (first, second) = (NewGate(), NewGate());
        var queue = new WriteBatcher(PutAsync);
        var a = queue.PutAsync([Create(uuid: "a")], default);
        await first.Entered.Task;
        var b = queue.PutAsync([Create(uuid: "b")], default);
        var c = queue.PutAsync([Create(uuid: "c")], default);
        second.Open.SetException(new LinktreeStoreException("full"));

        first.Open.SetResult();

        await a;
        Assert.That(async () => await b, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(async () => await c, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(await queue.PutAsync([Create()], default), Has.Count.EqualTo(1), "the queue goes on");
    }

    [Test]
    public async Task Transaction_of_the_first_caller_does_not_flow_into_what_is_stored_for_all()
    {
        Transaction? seen = null;
        var queue = new WriteBatcher((page, _) =>
        {
            seen = Transaction.Current;
            return ValueTask.FromResult<IReadOnlyList<PutOutcome>>([PutOutcome.Inserted]);
        });

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await queue.PutAsync([Create()], default);

        Assert.That(seen, Is.Null);
    }

    /// <summary>Holds up the next turn that has no gate yet.</summary>
    private Gate NewGate()
    {
        var gate = new Gate();
        _gates.Enqueue(gate);
        return gate;
    }

    private async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> page, CancellationToken cancellationToken)
    {
        _turns.Add(string.Concat(page.Select(record => record.Uuid)));
        if (_gates.TryDequeue(out var gate))
        {
            gate.Entered.SetResult();
            await gate.Open.Task.WaitAsync(cancellationToken);
        }

        return [.. page.Select((_, place) => (PutOutcome)place)];
    }

    private sealed class Gate
    {
        internal TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
