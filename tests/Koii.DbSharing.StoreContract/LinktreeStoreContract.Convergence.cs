using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeStoreContract<TStore>
{
    [Test]
    public void State_depends_only_on_the_set_of_records() => RandomDeliveries.Check(
        Deliveries,
        delivery => WithNewStoreAsync(Options(delivery.LinktreesPerAuthor), async store =>
        {
            var seen = new List<SignedLinktree>();
            foreach (var batch in delivery.Batches)
            {
                await store.PutAsync(batch);
                seen.AddRange(batch);
                if (!(await ListAllAsync(store)).SequenceEqual(LinktreeModel.StateAfter(seen, delivery.LinktreesPerAuthor)))
                    return false;
            }

            return true;
        }));

    [Test]
    public async Task Concurrent_writers_and_readers_end_in_the_state_of_the_model()
    {
        const int PerAuthor = 3;
        var (records, batchesOfWriters) = RandomDeliveries.ForWriters(seed: 20260101, writers: 4, records: 600);
        var store = await NewStoreAsync(PerAuthor);

        var writing = Task.WhenAll(batchesOfWriters.Select(batches => Task.Run(async () =>
        {
            foreach (var batch in batches)
                Assert.That(await store.PutAsync(batch), Has.Count.EqualTo(batch.Length));
        })));
        var listing = Task.Run(async () =>
        {
            do
            {
                var page = await ListAllAsync(store, new LinktreeQuery { IncludeTombstones = true, Limit = 1000 });
                foreach (var author in page.GroupBy(record => record.Author))
                    Assert.That(author.Count(), Is.LessThanOrEqualTo(PerAuthor), "a page is one state of the store");
            }
            while (!writing.IsCompleted);
        });
        await Task.WhenAll(writing, listing);

        Assert.That(
            (await ListAllAsync(store)).Select(record => record.Version),
            Is.EqualTo(LinktreeModel.StateAfter(records, PerAuthor).Select(record => record.Version)));
    }

    [Test]
    public async Task Limits_hold_with_concurrent_writers()
    {
        const int MaxRecords = 50;
        const int MaxNew = 48;
        var store = await NewStoreAsync(linktreesPerAuthor: 2, maxRecords: MaxRecords);

        // Each writer has its own authors, and puts three records of each: two are kept, and 48, the bound of new identities,
        // is a multiple of two.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var all = new List<PutOutcome>();
            foreach (var author in Enumerable.Range(100 * writer, 20))
                all.AddRange(await store.PutAsync([.. Enumerable.Range(0, 3).Select(i => Create(author, $"u{i}", i))]));
            return all;
        })));

        var stored = await ListAllAsync(store);
        Assert.That(stored, Has.Count.EqualTo(MaxNew));
        Assert.That(stored.GroupBy(record => record.Author).Select(author => author.Count()), Has.All.EqualTo(2));
        Assert.That(
            outcomes.SelectMany(all => all).Count(outcome => outcome == PutOutcome.Full), Is.EqualTo((8 * 20 * 3) - (MaxNew / 2 * 3)));
    }
}
