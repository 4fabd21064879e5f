using System.Collections.Concurrent;
using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeChangeFeedContract<TStore>
{
    [Test]
    public void Changes_lead_to_the_stored_records_after_each_batch() => RandomDeliveries.Check(
        Deliveries,
        delivery => WithNewStoreAsync(Options(delivery.LinktreesPerAuthor), async store =>
        {
            var engine = EngineWithoutPeers.Create(store);
            var feed = new FollowedFeed(store);
            foreach (var batch in delivery.Batches)
            {
                await store.PutAsync(batch);
                await feed.ReadToEndAsync(3);
                var stored = await ListAllAsync(store);
                if (!feed.Versions.SequenceEqual(stored.Select(record => record.Version))
                    || await engine.GetSummaryAsync() != LinktreeModel.Summarize(stored))
                    return false;
            }

            return true;
        }));

    [Test]
    public async Task Readers_beside_concurrent_writers_end_in_the_state_of_the_model()
    {
        const int PerAuthor = 3;
        var (records, batchesOfWriters) = RandomDeliveries.ForWriters(seed: 20260101, writers: 4, records: 600);
        var store = await NewStoreAsync(PerAuthor);
        var engine = EngineWithoutPeers.Create(store);
        var feed = new FollowedFeed(store);

        var writing = Task.WhenAll(batchesOfWriters.Select(batches => Task.Run(async () =>
        {
            foreach (var batch in batches)
                await store.PutAsync(batch);
        })));
        var following = Task.Run(async () =>
        {
            do
            {
                await feed.ReadToEndAsync(7);
                await engine.GetSummaryAsync();
            }
            while (!writing.IsCompleted);
        });
        await Task.WhenAll(writing, following);
        await feed.ReadToEndAsync();

        var model = LinktreeModel.StateAfter(records, PerAuthor);
        Assert.That(feed.Versions, Is.EqualTo(model.Select(record => record.Version)));
        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(model)));
    }

    [Test]
    public async Task Readers_that_start_at_different_times_read_the_same_order()
    {
        const int PerAuthor = 3;
        var (records, batchesOfWriters) = RandomDeliveries.ForWriters(seed: 20260102, writers: 4, records: 400);
        var model = LinktreeModel.StateAfter(records, PerAuthor).Select(record => record.Version);
        var store = await NewStoreAsync(PerAuthor);
        var fromBeginning = await FollowAsync(store);
        var fromStart = new ConcurrentBag<Task<IReadOnlyList<LinktreeChange>>>();
        var fromMiddle = new ConcurrentBag<Task<IReadOnlyList<LinktreeChange>>>();
        var written = new TaskCompletionSource();

        await Task.WhenAll(batchesOfWriters.Select((batches, writer) => Task.Run(async () =>
        {
            for (var i = 0; i < batches.Length; i++)
            {
                // Each writer starts a reader before its first batch, and two more before one in the middle.
                if (i == 0)
                    fromStart.Add(Task.Run(() => ReadAsync(new FollowedFeed(store), 1 + writer)));
                if (i == batches.Length / 2)
                {
                    fromStart.Add(Task.Run(() => ReadAsync(new FollowedFeed(store), 5 + writer)));
                    var end = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
                    fromMiddle.Add(Task.Run(() => ReadAfterWritingAsync(end)));
                }

                await store.PutAsync(batches[i]);
            }
        })));
        written.SetResult();
        var whole = await ReadAsync(fromBeginning, 100);
        var orders = whole.Select((change, order) => (change, order)).ToDictionary(at => IdOf(at.change), at => at.order);

        // A reader that starts later is not told of what was removed before.
        foreach (var changes in await Task.WhenAll(fromStart))
            Assert.That(changes.Select(change => orders[IdOf(change)]), Is.Ordered);
        foreach (var changes in await Task.WhenAll(fromMiddle))
            Assert.That(changes, Is.EqualTo(whole.TakeLast(changes.Count)));

        // A reader that sees the end of the writing reads once more, so that it has all changes.
        async Task<IReadOnlyList<LinktreeChange>> ReadAsync(FollowedFeed feed, int limit)
        {
            var changes = new List<LinktreeChange>();
            bool isLast;
            do
            {
                isLast = written.Task.IsCompleted;
                changes.AddRange(await feed.ReadToEndAsync(limit));
            }
            while (!isLast);

            Assert.That(feed.Versions, Is.EqualTo(model));
            return changes;
        }

        async Task<IReadOnlyList<LinktreeChange>> ReadAfterWritingAsync(ChangePosition position)
        {
            await written.Task;
            return (await store.ReadChangesAsync(position, int.MaxValue)).Changes;
        }

        static (LinktreeVersion? Added, LinktreeVersion? Evicted) IdOf(LinktreeChange change) =>
            (change.Added, change.Added is null ? change.Removed : null);
    }
}
