using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Reconciliation;

public sealed class LinktreeIndexTests
{
    [Test]
    public async Task Fingerprint_of_an_empty_store_equals_the_known_value()
    {
        var store = NewStore();
        var summary = await new LinktreeIndex(store, store).GetSummaryAsync();

        Assert.That((summary.Count, summary.Fingerprint.ToString("x32")), Is.EqualTo((0L, "7f9c9e31ac8256ca2f258583df262dbc")));
    }

    [Test]
    public async Task Store_is_listed_once_and_its_changes_are_followed()
    {
        var store = new WatchedStore(NewStore());
        var index = new LinktreeIndex(store, store);
        await store.PutAsync([Samples.Create()]);

        await index.GetSummaryAsync();
        await store.PutAsync([Samples.Create(timestamp: 2000), Samples.Create(author: 2)]);
        var summary = await index.GetSummaryAsync();

        Assert.That(store.Lists, Is.EqualTo(1));
        Assert.That(summary, Is.EqualTo(await ExpectedAsync(store)));
    }

    [Test]
    public async Task Changes_between_two_pages_of_the_listing_count_once()
    {
        var store = new WatchedStore(NewStore(perAuthor: 1000));
        await store.PutAsync([.. Enumerable.Range(0, 600).Select(i => Samples.Create(uuid: $"u{i}", timestamp: i))]);

        // After the first page: a listed record moves to a later page, an unlisted one is replaced, one is added, and a
        // listed one is replaced and then deleted.
        store.AfterList = async () =>
        {
            store.AfterList = null;
            await store.PutAsync(
            [
                Samples.Create(uuid: "u1", timestamp: 5000),
                Samples.Create(uuid: "u550", timestamp: 5000),
                Samples.Create(uuid: "new", timestamp: 5000),
                Samples.Create(uuid: "u2", timestamp: 5000),
                Samples.Create(uuid: "u2", timestamp: 5001, deleted: true),
            ]);
        };

        Assert.That(await new LinktreeIndex(store, store).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.Lists, Is.GreaterThan(1));
    }

    [Test]
    public async Task Record_that_was_evicted_and_inserted_again_is_counted_once()
    {
        var store = new WatchedStore(NewStore(perAuthor: 1));
        var index = new LinktreeIndex(store, store);
        await index.GetSummaryAsync();
        await store.PutAsync(
        [
            Samples.Create(uuid: "a", timestamp: 1), Samples.Create(
                uuid: "b", timestamp: 2), Samples.Create(uuid: "a", timestamp: 3), Samples.Create(uuid: "b", timestamp: 4),
        ]);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
    }

    [Test]
    public async Task Trimmed_feed_causes_a_new_listing()
    {
        var store = new WatchedStore(NewStore());
        var index = new LinktreeIndex(store, store);
        await index.GetSummaryAsync();
        await WriteMoreThanTheFeedRetainsAsync(store);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.Lists, Is.EqualTo(2));
    }

    [Test]
    public async Task Feed_trimmed_during_the_listing_causes_a_new_listing()
    {
        var store = new WatchedStore(NewStore());
        await store.PutAsync([Samples.Create()]);
        store.AfterList = async () =>
        {
            store.AfterList = null;
            await WriteMoreThanTheFeedRetainsAsync(store);
        };

        Assert.That(await new LinktreeIndex(store, store).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.Lists, Is.EqualTo(2));
    }

    [Test]
    public void Store_that_trims_faster_than_it_is_listed_causes_a_transient_exception()
    {
        var store = new Mock<ILinktreeStore>();
        store.As<ILinktreeChangeFeed>().Setup(s => s.ReadChangesAsync(It.IsAny<ChangePosition>(), It.IsAny<int>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((ChangePosition after, int _, CancellationToken _) =>
                new ChangePage([], new ChangePosition("present")) { IsTrimmed = after != ChangePosition.Latest });
        store.Setup(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>())).ReturnsAsync(new LinktreePage([], null));

        Assert.That(
            async () => await new LinktreeIndex(store.Object, store.As<ILinktreeChangeFeed>().Object).GetSummaryAsync(),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);
    }

    [Test]
    public async Task Index_recovers_from_a_failure_of_any_call()
    {
        for (var failing = 1; failing <= 6; failing++)
        {
            var store = new WatchedStore(NewStore()) { FailingCall = failing };
            var index = new LinktreeIndex(store, store);
            var failures = 0;
            for (var round = 0; round < 4; round++)
            {
                await store.PutAsync([Samples.Create(author: round), Samples.Create(author: 9, timestamp: 2000 + round)]);
                try
                {
                    Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
                }
                catch (LinktreeStoreException)
                {
                    failures++;
                }
            }

            Assert.That(failures, Is.EqualTo(1), $"call {failing}");
            Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        }
    }

    [Test]
    public async Task Listing_resumes_where_a_canceled_call_stopped()
    {
        var store = new WatchedStore(NewStore(perAuthor: 1000));
        await store.PutAsync([.. Enumerable.Range(0, 1200).Select(i => Samples.Create(author: i % 2, uuid: $"u{i}", timestamp: i))]);
        var index = new LinktreeIndex(store, store);
        await CancelAfterNextPageAsync(store, index);

        // Meanwhile, of the listed page and of the others, one record is replaced and one is deleted; one is added
        // before the end of the listed page and one after it.
        await store.PutAsync(
        [
            Samples.Create(author: 1, uuid: "u1", timestamp: 5000),
            Samples.Create(author: 1, uuid: "u1101", timestamp: 5000),
            Samples.Create(author: 0, uuid: "u2", timestamp: 5000, deleted: true),
            Samples.Create(author: 0, uuid: "u1102", timestamp: 5000, deleted: true),
            Samples.Create(author: 2, uuid: "before", timestamp: 3),
            Samples.Create(author: 2, uuid: "behind", timestamp: 6000),
        ]);
        await CancelAfterNextPageAsync(store, index);
        await store.PutAsync([Samples.Create(author: 1, uuid: "u1", timestamp: 7000), Samples.Create(author: 3, timestamp: 600)]);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.ListedAfter, Is.Unique.And.Ordered.And.Count.EqualTo(3), "no page twice");
    }

    [Test]
    public async Task Complete_listing_of_a_canceled_call_is_not_repeated()
    {
        var store = new WatchedStore(NewStore());
        await store.PutAsync([Samples.Create()]);
        var index = new LinktreeIndex(store, store);
        await CancelAfterNextPageAsync(store, index);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.Lists, Is.EqualTo(1));
    }

    [Test]
    public async Task Listing_starts_again_if_the_feed_was_trimmed_since_a_canceled_call()
    {
        var store = new WatchedStore(NewStore(perAuthor: 1000));
        await store.PutAsync([.. Enumerable.Range(0, 600).Select(i => Samples.Create(uuid: $"u{i}", timestamp: i))]);
        var index = new LinktreeIndex(store, store);
        await CancelAfterNextPageAsync(store, index);
        await WriteMoreThanTheFeedRetainsAsync(store);

        Assert.That(await index.GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.ListedAfter.Count(after => after is null), Is.EqualTo(2));
    }

    [Test]
    public async Task Listing_succeeds_if_the_feed_is_trimmed_but_not_between_two_pages()
    {
        // More is written during the listing than the feed retains, but never between two pages.
        var store = new WatchedStore(NewStore(perAuthor: 1000));
        for (var author = 1; author <= 4; author++)
            await store.PutAsync([.. Enumerable.Range(0, 1000).Select(i => Samples.Create(author, $"u{i}", i))]);
        store.AfterList = async () =>
        {
            var changes = Enumerable.Range(0, Samples.RetainedChanges / 2);
            await store.PutAsync([.. changes.Select(i => Samples.Create(author: 9, timestamp: (10_000 * store.Lists) + i))]);
        };

        Assert.That(await new LinktreeIndex(store, store).GetSummaryAsync(), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.ListedAfter, Is.Unique.And.Count.GreaterThan(4));
    }

    [Test]
    public async Task Cancellation_of_one_caller_does_not_affect_others()
    {
        var store = new WatchedStore(NewStore());
        await store.PutAsync([Samples.Create()]);
        var index = new LinktreeIndex(store, store);
        var gate = new TaskCompletionSource();
        store.AfterList = () => gate.Task;
        using var source = new CancellationTokenSource();

        var first = index.GetSummaryAsync(CancellationToken.None).AsTask();
        var canceled = index.GetSummaryAsync(source.Token).AsTask();
        var patient = index.GetSummaryAsync(CancellationToken.None).AsTask();
        await source.CancelAsync();
        Assert.That(async () => await canceled, Throws.InstanceOf<OperationCanceledException>());
        gate.SetResult();

        Assert.That(await first, Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(await patient, Is.EqualTo(await first));
        Assert.That(store.Lists, Is.EqualTo(1));
    }

    [Test]
    public async Task Store_without_a_feed_is_summarized_from_all_pages()
    {
        var store = new WatchedStore(NewStore(perAuthor: 1000));
        await store.PutAsync([.. Enumerable.Range(0, 600).Select(i => Samples.Create(uuid: $"u{i}", timestamp: i))]);
        await store.PutAsync([Samples.Create(author: 2, deleted: true)]);

        Assert.That(await LinktreeIndex.SummarizeAsync(store, CancellationToken.None), Is.EqualTo(await ExpectedAsync(store)));
        Assert.That(store.Lists, Is.GreaterThan(1));
    }

    private static InMemoryLinktreeStore NewStore(int perAuthor = 16) => new(Samples.Options(perAuthor));

    private static async Task WriteMoreThanTheFeedRetainsAsync(ILinktreeStore store)
    {
        var linktrees = Enumerable.Range(0, (2 * Samples.RetainedChanges) + 1).Select(i => Samples.Create(author: 7, timestamp: 5000 + i));
        foreach (var page in linktrees.Chunk(512))
            await store.PutAsync(page);
    }

    private static async Task CancelAfterNextPageAsync(WatchedStore store, LinktreeIndex index)
    {
        using var source = new CancellationTokenSource();
        store.AfterList = source.CancelAsync;
        Assert.That(async () => await index.GetSummaryAsync(source.Token), Throws.InstanceOf<OperationCanceledException>());
        store.AfterList = null;
    }

    private static async Task<SetSummary> ExpectedAsync(WatchedStore store) =>
        LinktreeModel.Summarize(
            (await store.Inner.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue })).Linktrees.ToArray());

    /// <summary>Forwards all calls, records the listings, and fails or waits as a test requires.</summary>
    private sealed class WatchedStore(InMemoryLinktreeStore inner) : ILinktreeStore, ILinktreeChangeFeed
    {
        private int _reads;

        public ILinktreeStore Inner => inner;

        public int Lists => ListedAfter.Count;

        public List<LinktreeVersion?> ListedAfter { get; } = [];

        public int FailingCall { get; init; }

        public Func<Task>? AfterList { get; set; }

        public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(
            IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
            inner.PutAsync(linktrees, cancellationToken);

        public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
            IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
            inner.GetVersionsAsync(keys, cancellationToken);

        public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
            inner.GetAsync(ids, cancellationToken);

        public async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
        {
            ThrowIfFailingCall();
            ListedAfter.Add(query.After);
            var page = await inner.ListAsync(query, cancellationToken);
            if (AfterList is { } afterList)
                await afterList();
            return page;
        }

        public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
        {
            ThrowIfFailingCall();
            return inner.ReadChangesAsync(after, limit, cancellationToken);
        }

        private void ThrowIfFailingCall()
        {
            if (++_reads == FailingCall)
                throw new LinktreeStoreException("The disk failed.");
        }
    }
}
