using System.IO.Compression;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Serving;
using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Tests.Serving;

/// <summary>The list as gzip: its text is that of the list without compression, whatever is kept of it.</summary>
public sealed class GzipListTests
{
    private const int RecordsOfPage = 512;

    private ListedStore _store = null!;
    private LinktreeResponder _responder = null!;

    [SetUp]
    public void SetUp() => Use(Options(linktreesPerAuthor: 5000));

    [Test]
    public async Task Text_equals_the_list([Values] ListForm form, [Values(0, 1, RecordsOfPage, RecordsOfPage + 1, 3 * RecordsOfPage)] int count)
    {
        await PutAsync(0, count);

        for (var i = 0; i < 2; i++)
            Assert.That(await GzipAsync(form), Is.EqualTo(await ListAsync(form)), i == 0 ? "from the store" : "from memory");
    }

    [Test]
    public async Task Second_reader_reads_nothing_from_the_store()
    {
        await PutAsync(0, 3 * RecordsOfPage);
        await GzipAsync();
        var lists = _store.Lists;

        await GzipAsync();

        Assert.That(_store.Lists, Is.EqualTo(lists));
    }

    [Test]
    public async Task Only_the_page_of_a_changed_record_is_read_again()
    {
        await PutAsync(0, 4 * RecordsOfPage);
        await GzipAsync();
        var lists = _store.Lists;

        // The replaced version is in the second page, and the new one behind all others.
        await _store.PutAsync([Create(uuid: $"u{RecordsOfPage + 7}", timestamp: 100_000)]);

        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()));
        Assert.That(_store.Lists - lists, Is.LessThanOrEqualTo(3 + 5), "the second page, the last one and the one behind it; then the whole list for comparison");
    }

    [Test]
    public async Task Nothing_is_kept_if_the_option_is_zero()
    {
        var options = Options(linktreesPerAuthor: 5000);
        options.ListCacheBytes = 0;
        Use(options);
        await PutAsync(0, RecordsOfPage);
        await GzipAsync();
        var lists = _store.Lists;

        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()));
        Assert.That(_store.Lists, Is.GreaterThan(lists + 1));
    }

    [Test]
    public async Task No_more_is_kept_than_the_option_allows()
    {
        var options = Options(linktreesPerAuthor: 5000);
        options.ListCacheBytes = 100_000;
        var store = new ListedStore(new InMemoryLinktreeStore(options));
        await store.PutAsync([.. Enumerable.Range(0, 4 * RecordsOfPage).Select(i => Create(uuid: $"u{i}", timestamp: i))]);
        var pages = new ListPageCache(store, store, new ElementForm(ListForm.Bare, "linktree"), options.ListCacheBytes);
        await pages.UpdateAsync(default);

        for (LinktreeVersion? after = ListPage.Start; after is { } version;)
            after = (await pages.GetAsync(version, default)).Next;

        Assert.That(pages.Bytes, Is.GreaterThan(0).And.LessThanOrEqualTo(options.ListCacheBytes));
    }

    [Test]
    public async Task Page_that_changes_while_it_is_read_is_not_kept()
    {
        await PutAsync(0, RecordsOfPage / 2);
        var (listed, isOpen) = HoldNextList();
        var early = GzipAsync();
        await listed;

        // The change is committed after the page was read, and the second reader hears of it before the page is kept.
        await PutAsync(10_000, 1);
        var second = await GzipAsync();
        isOpen.SetResult();
        await early;

        Assert.That(second, Is.EqualTo(await ListAsync()));
        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()));
    }

    [Test]
    public async Task Readers_of_the_same_page_share_one_read()
    {
        await PutAsync(0, RecordsOfPage / 2);
        var (listed, isOpen) = HoldNextList();
        var first = GzipAsync();
        await listed;

        Task<string>[] others = [.. Enumerable.Range(0, 7).Select(_ => GzipAsync())];
        isOpen.SetResult();
        await Task.WhenAll([first, .. others]);

        Assert.That(_store.Lists, Is.EqualTo(1));
        Assert.That(others.Select(other => other.Result), Is.All.EqualTo(first.Result));
    }

    [Test]
    public async Task Readers_of_a_page_that_cannot_be_read_share_the_failure()
    {
        await PutAsync(0, RecordsOfPage / 2);
        var (listed, isOpen) = HoldNextList(new LinktreeStoreException("The disk failed."));
        var failing = GzipAsync();
        await listed;
        var other = GzipAsync();
        isOpen.SetResult();

        Assert.That(async () => await failing, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(async () => await other, Throws.InstanceOf<LinktreeStoreException>());
        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()), "the next reader reads the page");
    }

    [Test]
    public async Task Reader_whose_page_was_being_read_for_a_canceled_one_reads_it_itself()
    {
        await PutAsync(0, RecordsOfPage / 2);
        using var source = new CancellationTokenSource();
        var (listed, isOpen) = HoldNextList(new OperationCanceledException(source.Token));
        var canceled = GzipAsync();
        await listed;
        var other = GzipAsync();
        isOpen.SetResult();

        Assert.That(async () => await canceled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await other, Is.EqualTo(await ListAsync()));
    }

    [Test]
    public async Task Records_that_arrive_within_full_pages_do_not_split_them_into_ever_smaller_ones()
    {
        await _store.PutAsync([.. Enumerable.Range(0, 2 * RecordsOfPage).Select(i => Create(uuid: $"u{i}", timestamp: 100 * i))]);
        await GzipAsync();

        for (var i = 1; i <= 20; i++)
        {
            await _store.PutAsync([Create(uuid: $"late{i}", timestamp: (100 * i) + 1)]);
            await GzipAsync();
        }

        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()));
        await _store.PutAsync([Create(uuid: "last", timestamp: 1)]);
        var lists = _store.Lists;
        await GzipAsync();
        Assert.That(_store.Lists - lists, Is.LessThanOrEqualTo(3));
    }

    [Test]
    public async Task Trimmed_feed_removes_all_pages()
    {
        var options = Options(linktreesPerAuthor: 5000);
        options.MaxRetainedChanges = 10;
        Use(options);
        await PutAsync(0, RecordsOfPage);
        await GzipAsync();
        for (var i = 0; i < 100; i++)
            await _store.PutAsync([Create(uuid: "u3", timestamp: 1000 + i)]);

        Assert.That(await GzipAsync(), Is.EqualTo(await ListAsync()));
    }

    [Test]
    public void Text_equals_the_list_after_any_history() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(20),
        Prop.ForAll(
            Arb.From(Gen.ListOf(Gen.Choose(0, int.MaxValue - 1))),
            steps =>
            {
                Use(Options(linktreesPerAuthor: 3000));
                return RunAsync().GetAwaiter().GetResult();

                async Task<bool> RunAsync()
                {
                    foreach (var step in steps)
                    {
                        var random = new Random(step);
                        var (first, count) = (random.Next(3000), random.Next(700));
                        await _store.PutAsync([.. Enumerable.Range(first, count).Select(
                            i => Create(author: 1 + i % 2, uuid: $"u{i}", timestamp: random.Next(4000), deleted: random.Next(9) == 0))]);
                        if (await GzipAsync() != await ListAsync())
                            return false;
                    }

                    return true;
                }
            }));

    private void Use(DbSharingOptions options)
    {
        _store = new ListedStore(new InMemoryLinktreeStore(options));
        _responder = new LinktreeResponder(StoreContract.EngineWithoutPeers.Create(_store, options));
    }

    /// <summary>Holds the next list after it was read, until the test opens it; then it succeeds or fails.</summary>
    private (Task Listed, TaskCompletionSource IsOpen) HoldNextList(Exception? failure = null)
    {
        var (listed, isOpen) = (new TaskCompletionSource(), new TaskCompletionSource());
        _store.AfterList = async () =>
        {
            _store.AfterList = null;
            listed.SetResult();
            await isOpen.Task;
            if (failure is not null)
                throw failure;
        };
        return (listed.Task, isOpen);
    }

    private async Task PutAsync(int first, int count) =>
        await _store.PutAsync([.. Enumerable.Range(first, count).Select(i => Create(uuid: $"u{i}", timestamp: i))]);

    private Task<string> ListAsync(ListForm form = ListForm.KeyedByPublicKey) => ReadAsync(output => _responder.WriteListAsync(output, form), stream => stream);

    private Task<string> GzipAsync(ListForm form = ListForm.KeyedByPublicKey) =>
        ReadAsync(output => _responder.WriteGzipListAsync(output, form), stream => new GZipStream(stream, CompressionMode.Decompress));

    private static async Task<string> ReadAsync(Func<PipeWriter, Task> write, Func<Stream, Stream> decode)
    {
        var stream = new MemoryStream();
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await write(output);
        await output.CompleteAsync();
        stream.Position = 0;
        using var reader = new StreamReader(decode(stream));
        return await reader.ReadToEndAsync();
    }

    /// <summary>Counts the lists and lets a test act after one was read.</summary>
    private sealed class ListedStore(InMemoryLinktreeStore inner) : ILinktreeStore, ILinktreeChangeFeed
    {
        public int Lists { get; private set; }

        public Func<Task>? AfterList { get; set; }

        public ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default) =>
            inner.PutAsync(linktrees, cancellationToken);

        public ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default) =>
            inner.GetVersionsAsync(keys, cancellationToken);

        public ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) =>
            inner.GetAsync(ids, cancellationToken);

        public async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
        {
            var page = await inner.ListAsync(query, cancellationToken);
            Lists++;
            if (AfterList is { } afterList)
                await afterList();
            return page;
        }

        public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default) =>
            inner.ReadChangesAsync(after, limit, cancellationToken);
    }
}
