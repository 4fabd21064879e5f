using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    /// <summary>How many random deliveries the convergence test tries. Raise it in a derived fixture to search longer.</summary>
    protected virtual int Deliveries => 100;

    [Test]
    public void State_depends_on_the_set_of_records_alone()
    {
        var property = Prop.ForAll(Arb.From(DeliveryGenerator), delivery => ArrivesAtTheModelAsync(delivery).GetAwaiter().GetResult());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Deliveries), property);
    }

    [Test]
    public async Task Many_writers_and_readers_at_once_end_in_the_state_of_the_model()
    {
        const int Seed = 20260101;
        const int PerAuthor = 3;
        var random = new Random(Seed);
        TestContext.Out.WriteLine($"seed {Seed}");
        var store = await NewStoreAsync(PerAuthor);
        SignedLinktree[] records =
            [.. Enumerable.Range(0, 600).Select(_ => Create(random.Next(5), $"u{random.Next(6)}", random.Next(40), $"n{random.Next(2)}", random.Next(8) == 0))];
        var deliveries = Enumerable.Range(0, 4).Select(_ => records.OrderBy(_ => random.Next()).Chunk(1 + random.Next(40)).ToArray()).ToArray();
        var index = new LinktreeIndex(store, store);
        var feed = new FollowedFeed(store);

        var writing = Task.WhenAll(deliveries.Select(pages => Task.Run(async () =>
        {
            foreach (var page in pages)
                Assert.That(await store.PutAsync(page), Has.Count.EqualTo(page.Length));
        })));
        var following = Task.Run(async () =>
        {
            do
            {
                await feed.ReadOnAsync(7);
                await index.GetSummaryAsync();
            }
            while (!writing.IsCompleted);
        });
        var listing = Task.Run(async () =>
        {
            do
            {
                foreach (var author in (await ListAllAsync(store, new LinktreeQuery { IncludeTombstones = true, Limit = 1000 })).GroupBy(record => record.Author))
                    Assert.That(author.Count(), Is.LessThanOrEqualTo(PerAuthor), "one state of the store");
            }
            while (!writing.IsCompleted);
        });
        await Task.WhenAll(writing, following, listing);
        await feed.ReadOnAsync();

        var model = LinktreeModel.StateAfter(records, PerAuthor);
        Assert.That((await ListAllAsync(store)).Select(record => record.Version), Is.EqualTo(model.Select(record => record.Version)));
        Assert.That(feed.Versions, Is.EqualTo(model.Select(record => record.Version)));
        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(model)));
    }

    [Test]
    public async Task Readers_that_start_at_different_moments_read_one_order_and_end_in_the_state_of_the_model()
    {
        const int Seed = 20260102;
        const int PerAuthor = 3;
        var random = new Random(Seed);
        TestContext.Out.WriteLine($"seed {Seed}");
        var store = await NewStoreAsync(PerAuthor);
        SignedLinktree[] records = [.. Enumerable.Range(0, 400).Select(_ => Create(random.Next(5), $"u{random.Next(6)}", random.Next(40), $"n{random.Next(2)}", random.Next(8) == 0))];
        var deliveries = Enumerable.Range(0, 4).Select(_ => records.OrderBy(_ => random.Next()).Chunk(1 + random.Next(40)).ToArray()).ToArray();
        var fromTheStart = new ConcurrentBag<Task<IReadOnlyList<LinktreeChange>>>();
        var fromThePresent = new ConcurrentBag<Task<IReadOnlyList<LinktreeChange>>>();
        var written = new TaskCompletionSource();

        await Task.WhenAll(deliveries.Select((pages, writer) => Task.Run(async () =>
        {
            for (var i = 0; i < pages.Length; i++)
            {
                // Each writer lets a reader begin before its first page and one in the middle.
                if (i == 0)
                    fromTheStart.Add(Task.Run(() => FollowAsync(new FollowedFeed(store), 1 + writer)));
                if (i == pages.Length / 2)
                {
                    fromTheStart.Add(Task.Run(() => FollowAsync(new FollowedFeed(store), 5 + writer)));
                    var present = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
                    fromThePresent.Add(Task.Run(() => ReadToTheEndAsync(present)));
                }

                await store.PutAsync(pages[i]);
            }
        })));
        written.SetResult();
        var whole = await FollowAsync(new FollowedFeed(store), 100);

        foreach (var changes in await Task.WhenAll(fromTheStart))
            Assert.That(changes, Is.EqualTo(whole));
        foreach (var changes in await Task.WhenAll(fromThePresent))
            Assert.That(changes, Is.EqualTo(whole.TakeLast(changes.Count)));

        // A reader that sees the end of the writing reads once more, so that it has everything.
        async Task<IReadOnlyList<LinktreeChange>> FollowAsync(FollowedFeed feed, int limit)
        {
            var changes = new List<LinktreeChange>();
            bool isLast;
            do
            {
                isLast = written.Task.IsCompleted;
                changes.AddRange(await feed.ReadOnAsync(limit));
            }
            while (!isLast);

            Assert.That(feed.Versions, Is.EqualTo(LinktreeModel.StateAfter(records, PerAuthor).Select(record => record.Version)));
            return changes;
        }

        async Task<IReadOnlyList<LinktreeChange>> ReadToTheEndAsync(ChangePosition position)
        {
            await written.Task;
            return (await store.ReadChangesAsync(position, int.MaxValue)).Changes;
        }
    }

    [Test]
    public async Task Limits_hold_among_writers_at_once()
    {
        const int MaxRecords = 50;
        var store = await NewStoreAsync(linktreesPerAuthor: 2, maxRecords: MaxRecords);

        // Each writer has authors of its own, and brings three records of each: two stay, and the bound is a multiple of two.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var all = new List<PutOutcome>();
            foreach (var author in Enumerable.Range(100 * writer, 20))
                all.AddRange(await store.PutAsync([.. Enumerable.Range(0, 3).Select(i => Create(author, $"u{i}", i))]));
            return all;
        })));

        var held = await ListAllAsync(store);
        Assert.That(held, Has.Count.EqualTo(MaxRecords));
        Assert.That(held.GroupBy(record => record.Author).Select(author => author.Count()), Has.All.EqualTo(2));
        Assert.That(outcomes.SelectMany(all => all).Count(outcome => outcome == PutOutcome.Full), Is.EqualTo((8 * 20 * 3) - (MaxRecords / 2 * 3)));
    }

    private static Gen<Delivery> DeliveryGenerator =>
        from perAuthor in Gen.Choose(1, 4)
        from records in Gen.NonEmptyListOf(RecordGenerator)
        from repeated in Gen.SubListOf(records.AsEnumerable())
        from order in Gen.Shuffle(records.Concat(repeated).ToArray())
        from pageSize in Gen.Choose(1, 9)
        select new Delivery(perAuthor, [.. order.Chunk(pageSize)]);

    // Few authors, uuids, instants and names, so that everything collides with everything.
    private static Gen<SignedLinktree> RecordGenerator =>
        from author in Gen.Choose(1, 2)
        from uuid in Gen.Choose(1, 5)
        from timestamp in Gen.Choose(0, 6)
        from name in Gen.Choose(0, 2)
        from deleted in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select Create(author, $"u{uuid}", timestamp, $"n{name}", deleted);

    private async Task<bool> ArrivesAtTheModelAsync(Delivery delivery)
    {
        var store = await CreateStoreAsync(Options(delivery.PerAuthor), TimeProvider.System);
        try
        {
            var index = new LinktreeIndex(store, store);
            var feed = new FollowedFeed(store);
            var seen = new List<SignedLinktree>();
            foreach (var page in delivery.Pages)
            {
                await store.PutAsync(page);
                seen.AddRange(page);
                await feed.ReadOnAsync(3);
                if (await index.GetSummaryAsync() != LinktreeModel.Summarize(LinktreeModel.StateAfter(seen, delivery.PerAuthor)))
                    return false;
            }

            var model = LinktreeModel.StateAfter(seen, delivery.PerAuthor);
            return (await ListAllAsync(store)).SequenceEqual(model)
                && feed.Versions.SequenceEqual(model.Select(record => record.Version))
                && await new LinktreeIndex(store, store).GetSummaryAsync() == LinktreeModel.Summarize(model);
        }
        finally
        {
            await DisposeAsync(store);
        }
    }

    private sealed record Delivery(int PerAuthor, IReadOnlyList<SignedLinktree[]> Pages)
    {
        public override string ToString() =>
            $"{PerAuthor} per author: " + string.Join(" | ", Pages.Select(page => string.Join(", ", page.Select(record => $"{record.Author.ToString()[..4]}/{record.Uuid}@{record.Timestamp}{(record.IsTombstone ? "†" : "")}"))));
    }
}
