using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Reconciliation;

public sealed class LinktreeIndexTests
{
    /// <summary>More records than two pages of changes have.</summary>
    private const int ThreePages = 1_200;

    [Test]
    public async Task Fingerprint_of_an_empty_store_equals_the_known_value()
    {
        var summary = await new LinktreeIndex(NewStore()).GetSummaryAsync();

        Assert.That((summary.Count, summary.Fingerprint.ToString("x32")), Is.EqualTo((0L, "7f9c9e31ac8256ca2f258583df262dbc")));
    }

    [Test]
    public async Task Feed_is_read_once_from_the_start_and_then_followed()
    {
        var store = NewStore();
        var feed = new WatchedFeed(store);
        var index = new LinktreeIndex(feed);
        await store.PutAsync([Samples.Create()]);

        await index.GetSummaryAsync();
        await store.PutAsync([Samples.Create(timestamp: 2000), Samples.Create(author: 2)]);
        var summary = await index.GetSummaryAsync();

        Assert.That(summary, Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.ReadAfter, Is.Unique);
        Assert.That(feed.ReadAfter[0], Is.EqualTo(ChangePosition.Start));
    }

    [Test]
    public async Task Changes_between_two_pages_count_once()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store);

        // After the first page: a record that was read moves to a later page, an unread one is replaced, one is added,
        // and one that was read and one that was not are replaced and then deleted.
        feed.AfterRead = async () =>
        {
            feed.AfterRead = null;
            await store.PutAsync(
            [
                Samples.Create(uuid: "u1", timestamp: 20_000),
                Samples.Create(uuid: "u1100", timestamp: 20_000),
                Samples.Create(uuid: "new", timestamp: 20_000),
                Samples.Create(uuid: "u2", timestamp: 20_000),
                Samples.Create(uuid: "u2", timestamp: 20_001, deleted: true),
                Samples.Create(uuid: "u1101", timestamp: 20_000),
                Samples.Create(uuid: "u1101", timestamp: 20_001, deleted: true),
            ]);
        };

        Assert.That(await new LinktreeIndex(feed).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.ReadAfter, Has.Count.GreaterThan(2));
    }

    [Test]
    public async Task Records_that_are_evicted_between_two_pages_are_not_counted()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store);
        feed.AfterRead = async () =>
        {
            feed.AfterRead = null;
            await store.PutAsync([.. Enumerable.Range(0, 500).Select(i => Samples.Create(uuid: $"new{i}", timestamp: 20_000))]);
        };

        Assert.That(await new LinktreeIndex(feed).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
    }

    [Test]
    public async Task Items_are_those_of_the_store_in_order()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var index = new LinktreeIndex(store);
        await index.GetSummaryAsync();
        await store.PutAsync([Samples.Create(uuid: "u600", timestamp: 1)]);

        var items = await index.GetItemsAsync(CancellationToken.None);

        var stored = await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue });
        Assert.That(
            Enumerable.Range(0, (int)items.Count).Select(rank => items.ItemAt(rank).Id),
            Is.EqualTo(stored.Linktrees.OrderBy(record => record.Timestamp / 1000).ThenBy(record => record.Id).Select(record => record.Id)));
    }

    [Test]
    public async Task Record_that_was_evicted_and_inserted_again_is_counted_once()
    {
        var store = NewStore(perAuthor: 1);
        var index = new LinktreeIndex(store);
        await index.GetSummaryAsync();
        await store.PutAsync(
        [
            Samples.Create(uuid: "a", timestamp: 1), Samples.Create(uuid: "b", timestamp: 2),
            Samples.Create(uuid: "a", timestamp: 3), Samples.Create(uuid: "b", timestamp: 4),
        ]);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
    }

    [Test]
    public async Task Trimmed_feed_is_read_again_from_the_start()
    {
        var store = NewStore();
        var feed = new WatchedFeed(store);
        var index = new LinktreeIndex(feed);
        await store.PutAsync([Samples.Create(author: 1), Samples.Create(author: 7)]);
        await index.GetSummaryAsync();
        await RemoveMoreThanTheFeedRetainsAsync(store);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.TrimmedPages, Is.EqualTo(1));
    }

    [Test]
    public async Task Feed_trimmed_between_two_pages_is_read_again_from_the_start()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store);
        feed.AfterRead = async () =>
        {
            feed.AfterRead = null;
            await RemoveMoreThanTheFeedRetainsAsync(store);
        };

        Assert.That(await new LinktreeIndex(feed).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.TrimmedPages, Is.EqualTo(1));
    }

    [Test]
    public async Task Store_that_trims_faster_than_it_is_read_causes_a_transient_exception()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store) { AfterRead = () => RemoveMoreThanTheFeedRetainsAsync(store) };
        var index = new LinktreeIndex(feed);

        Assert.That(
            async () => await index.GetSummaryAsync(), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);

        feed.AfterRead = null;
        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
    }

    [Test]
    public async Task Index_recovers_from_a_failure_of_any_read()
    {
        for (var failing = 1; failing <= 6; failing++)
        {
            var store = await NewStoreWithRecordsAsync(ThreePages);
            var index = new LinktreeIndex(new WatchedFeed(store) { FailingRead = failing });
            var failures = 0;
            for (var round = 0; round < 4; round++)
            {
                await store.PutAsync([Samples.Create(author: round + 2), Samples.Create(author: 9, timestamp: 2000 + round)]);
                try
                {
                    Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
                }
                catch (LinktreeStoreException)
                {
                    failures++;
                }
            }

            Assert.That(failures, Is.EqualTo(1), $"read {failing}");
            Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        }
    }

    [Test]
    public async Task Reading_resumes_where_a_canceled_call_stopped()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store);
        var index = new LinktreeIndex(feed);
        await CancelAfterNextPageAsync(feed, index);

        // Meanwhile, of the page that was read and of the others, one record is replaced and one is deleted.
        await store.PutAsync(
        [
            Samples.Create(uuid: "u1", timestamp: 20_000),
            Samples.Create(uuid: "u1100", timestamp: 20_000),
            Samples.Create(uuid: "u2", timestamp: 20_000, deleted: true),
            Samples.Create(uuid: "u1101", timestamp: 20_000, deleted: true),
            Samples.Create(author: 2, uuid: "oldest", timestamp: 0),
        ]);
        await CancelAfterNextPageAsync(feed, index);
        await store.PutAsync([Samples.Create(uuid: "u1", timestamp: 30_000), Samples.Create(author: 3, timestamp: 600)]);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.ReadAfter, Is.Unique.And.Count.EqualTo(3), "no page twice");
    }

    [Test]
    public async Task Reading_starts_again_if_the_feed_was_trimmed_since_a_canceled_call()
    {
        var store = await NewStoreWithRecordsAsync(ThreePages);
        var feed = new WatchedFeed(store);
        var index = new LinktreeIndex(feed);
        await CancelAfterNextPageAsync(feed, index);
        await RemoveMoreThanTheFeedRetainsAsync(store);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(feed.TrimmedPages, Is.EqualTo(1));
    }

    [Test]
    public async Task Cancellation_of_one_caller_does_not_affect_others()
    {
        var store = NewStore();
        await store.PutAsync([Samples.Create()]);
        var gate = new TaskCompletionSource();
        var feed = new WatchedFeed(store) { AfterRead = () => gate.Task };
        var index = new LinktreeIndex(feed);
        using var source = new CancellationTokenSource();

        var first = index.GetSummaryAsync(CancellationToken.None).AsTask();
        var canceled = index.GetSummaryAsync(source.Token).AsTask();
        var patient = index.GetSummaryAsync(CancellationToken.None).AsTask();
        await source.CancelAsync();
        Assert.That(async () => await canceled, Throws.InstanceOf<OperationCanceledException>());
        gate.SetResult();

        Assert.That(await first, Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(await patient, Is.EqualTo(await first));
        Assert.That(feed.ReadAfter.Count(after => after == ChangePosition.Start), Is.EqualTo(1));
    }

    [Test]
    public async Task Store_without_a_feed_is_summarized_from_all_pages()
    {
        var store = await NewStoreWithRecordsAsync(2 * new LinktreeQuery().Limit);
        await store.PutAsync([Samples.Create(author: 2, deleted: true)]);

        Assert.That(await LinktreeIndex.SummarizeAsync(store, CancellationToken.None), Is.EqualTo(await ExpectedAsync(store)));
    }

    private static InMemoryLinktreeStore NewStore(int perAuthor = 16) => new(Samples.Options(perAuthor));

    /// <summary>Creates a store that holds as many records of one author as it may, in no order of their times.</summary>
    private static async Task<InMemoryLinktreeStore> NewStoreWithRecordsAsync(int count)
    {
        var store = NewStore(count);
        await store.PutAsync([.. Enumerable.Range(0, count).Select(i => Samples.Create(uuid: $"u{i}", timestamp: 1 + (i * 7919L % 10_007)))]);
        return store;
    }

    private static async Task RemoveMoreThanTheFeedRetainsAsync(InMemoryLinktreeStore store)
    {
        var count = (await ExpectedAsync(store)).Count;
        await store.PutAsync(
        [
            .. Enumerable.Range(0, Samples.RetainedChanges + 2).Select(i => Samples.Create(author: 7, timestamp: (10_000 * count) + i)),
            Samples.Create((int)count + 10),
        ]);
    }

    private static async Task CancelAfterNextPageAsync(WatchedFeed feed, LinktreeIndex index)
    {
        using var source = new CancellationTokenSource();
        feed.AfterRead = source.CancelAsync;
        Assert.That(async () => await index.GetSummaryAsync(source.Token), Throws.InstanceOf<OperationCanceledException>());
        feed.AfterRead = null;
    }

    private static async Task<SetSummary> ExpectedAsync(InMemoryLinktreeStore store) => LinktreeModel.Summarize(
        (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue })).Linktrees.ToArray());

    /// <summary>Forwards all reads, records their positions, and fails or waits as a test requires.</summary>
    private sealed class WatchedFeed(ILinktreeChangeFeed feed) : ILinktreeChangeFeed
    {
        private int _reads;

        public List<ChangePosition> ReadAfter { get; } = [];

        public int TrimmedPages { get; private set; }

        public int FailingRead { get; init; }

        public Func<Task>? AfterRead { get; set; }

        public async ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
        {
            if (++_reads == FailingRead)
                throw new LinktreeStoreException("The disk failed.");
            var page = await feed.ReadChangesAsync(after, limit, cancellationToken);
            ReadAfter.Add(after);
            TrimmedPages += page.IsTrimmed ? 1 : 0;
            if (AfterRead is { } afterRead)
                await afterRead();
            return page;
        }
    }
}
