using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Serving;

public sealed class LinktreeResponderTests
{
    private static readonly DbSharingOptions Options = new() { TaskId = "Task1" };

    private InMemoryLinktreeStore _store = null!;
    private LinktreeResponder _responder = null!;

    [SetUp]
    public void SetUp()
    {
        _store = new InMemoryLinktreeStore(Options);
        _responder = new LinktreeResponder(Engine(_store));
    }

    [Test]
    public async Task Entity_tag_is_weak_and_contains_form_count_and_fingerprint()
    {
        // The fingerprint of the empty set is a known value of protocol §5.
        Assert.That(await _responder.GetEntityTagAsync(ListForm.KeyedByPublicKey), Is.EqualTo("W/\"2-all-0-7f9c9e31ac8256ca2f258583df262dbc\""));
        Assert.That(await _responder.GetEntityTagAsync(ListForm.Bare), Is.EqualTo("W/\"2-list-0-7f9c9e31ac8256ca2f258583df262dbc\""));
    }

    [Test]
    public async Task Entity_tag_changes_when_another_writer_changes_the_store()
    {
        var before = await _responder.GetEntityTagAsync(ListForm.Bare);
        await _store.PutAsync([Samples.Linktree()]);

        Assert.That(await _responder.GetEntityTagAsync(ListForm.Bare), Is.Not.EqualTo(before).And.StartsWith("W/\"2-list-1-"));
    }

    [Test]
    public async Task List_is_written_in_both_forms()
    {
        var (older, newer) = (Samples.Linktree(timestamp: 1, uuid: "a"), Samples.Linktree(timestamp: 2, uuid: "b"));
        await _store.PutAsync([newer, older]);

        Assert.That(await ListAsync(ListForm.Bare), Is.EqualTo($"[{Record(older)},{Record(newer)}]"));
        Assert.That(
            await ListAsync(ListForm.KeyedByPublicKey),
            Is.EqualTo($$"""[{"key":"linktree:{{older.Author}}","value":{{Record(older)}}},{"key":"linktree:{{newer.Author}}","value":{{Record(newer)}}}]"""));
    }

    [Test]
    public async Task Empty_store_is_written_as_an_empty_array() => Assert.That(await ListAsync(ListForm.KeyedByPublicKey), Is.EqualTo("[]"));

    [Test]
    public async Task Tombstones_are_part_of_the_list()
    {
        var tombstone = Samples.Linktree(deleted: true, taskId: Options.TaskId);
        await _store.PutAsync([tombstone]);

        Assert.That(await ListAsync(ListForm.Bare), Is.EqualTo($"[{Record(tombstone)}]"));
    }

    [Test]
    public async Task List_continues_after_empty_pages()
    {
        var (first, last) = (Samples.Linktree(timestamp: 1, uuid: "a"), Samples.Linktree(timestamp: 2, uuid: "b"));
        var store = Pages([], [first], [], [last], []);

        Assert.That(
            await WrittenAsync(output => Responder(store).WriteListAsync(output, ListForm.Bare)), Is.EqualTo($"[{Record(first)},{Record(last)}]"));
    }

    [Test]
    public void Nothing_is_written_if_the_first_page_cannot_be_read()
    {
        var store = new Mock<ILinktreeStore>();
        store.Setup(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>())).ThrowsAsync(new LinktreeStoreException("gone"));
        var output = new Mock<PipeWriter>(MockBehavior.Strict);

        Assert.That(() => Responder(store).WriteListAsync(output.Object, ListForm.Bare), Throws.InstanceOf<LinktreeStoreException>());
    }

    [Test]
    public async Task List_that_fails_after_a_page_has_no_closing_bracket()
    {
        var store = new Mock<ILinktreeStore>();
        var first = Samples.Linktree();
        store.SetupSequence(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(new LinktreePage([first], first.Version))
            .ThrowsAsync(new LinktreeStoreException("gone"));
        var pipe = new Pipe();

        Assert.That(() => Responder(store).WriteListAsync(pipe.Writer, ListForm.Bare), Throws.InstanceOf<LinktreeStoreException>());

        await pipe.Writer.CompleteAsync();
        Assert.That(await TextAsync(pipe.Reader), Is.EqualTo($"[{Record(first)}"));
    }

    [Test]
    public async Task Reader_that_does_not_read_holds_back_all_pages_after_the_first()
    {
        var (first, last) = (Samples.Linktree(timestamp: 1, uuid: "a"), Samples.Linktree(timestamp: 2, uuid: "b"));
        var store = Pages([first], [last]);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));

        var writing = Responder(store).WriteListAsync(pipe.Writer, ListForm.Bare);

        Assert.That(writing.IsCompleted, Is.False);
        store.Verify(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>()), Times.Once);

        var reading = TextAsync(pipe.Reader);
        await writing;
        await pipe.Writer.CompleteAsync();
        Assert.That(await reading, Is.EqualTo($"[{Record(first)},{Record(last)}]"));
    }

    [Test]
    public async Task Page_of_large_records_is_flushed_in_parts()
    {
        const int PageLinktrees = 16, LinktreeBytes = 60_000;
        var linktrees = Enumerable.Range(
            1, PageLinktrees).Select(i => Samples.Linktree(timestamp: i, uuid: $"{i}", name: new string('x', LinktreeBytes))).ToArray();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));

        var writing = Responder(Pages(linktrees)).WriteListAsync(pipe.Writer, ListForm.Bare);

        Assert.That(writing.IsCompleted, Is.False);
        var unread = (await pipe.Reader.ReadAsync()).Buffer;
        Assert.That(unread.Length, Is.LessThan(3 * LinktreeBytes));
        pipe.Reader.AdvanceTo(unread.Start);
        await pipe.Reader.CompleteAsync();
        await writing;
    }

    [Test]
    public async Task Completed_reader_ends_the_list()
    {
        var (first, last) = (Samples.Linktree(timestamp: 1, uuid: "a"), Samples.Linktree(timestamp: 2, uuid: "b"));
        var store = Pages([first], [last]);
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();

        await Responder(store).WriteListAsync(pipe.Writer, ListForm.Bare);

        store.Verify(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>()), Times.Once);
    }

    [Test]
    public void Canceled_list_ends_with_an_exception()
    {
        using var canceled = new CancellationTokenSource();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));

        var writing = Responder(Pages([Samples.Linktree()])).WriteListAsync(pipe.Writer, ListForm.Bare, canceled.Token);
        canceled.Cancel();

        Assert.That(() => writing, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Newest_record_is_on_the_last_page_with_records()
    {
        var (older, newest) = (Samples.Linktree(timestamp: 1, uuid: "a"), Samples.Linktree(timestamp: 2, uuid: "b"));
        var store = Pages([older], [newest], []);

        Assert.That(await WrittenAsync(output => Responder(store).WriteNewestAsync(output, newest.Author)), Is.EqualTo(Record(newest)));
        store.Verify(
            s => s.ListAsync(It.Is<LinktreeQuery>(query => query.Author == newest.Author && query.IncludeTombstones), It.IsAny<CancellationToken>()),
            Times.Exactly(3));
    }

    [Test]
    public async Task Author_without_records_or_with_a_newest_tombstone_is_written_as_an_empty_array()
    {
        var tombstone = Samples.Linktree(author: 1, uuid: "b", timestamp: 2, deleted: true, taskId: Options.TaskId);
        await _store.PutAsync([Samples.Linktree(author: 1, uuid: "a", timestamp: 1), tombstone]);

        Assert.That(await WrittenAsync(output => _responder.WriteNewestAsync(output, Samples.Author(1))), Is.EqualTo("[]"));
        Assert.That(await WrittenAsync(output => _responder.WriteNewestAsync(output, Samples.Author(2))), Is.EqualTo("[]"));
    }

    [TestCase("{{\"payload\":{0}}}")]
    [TestCase(" \n{{\"other\":[1,{{}}],\"payload\":{0},\"more\":null}} ")]
    [TestCase("{{\"payload\":1,\"payload\":{0}}}")]
    [TestCase("{{\"p\\u0061yload\":{0}}}")]
    public async Task Payload_is_read_as_in_JavaScript(string body)
    {
        var linktree = Samples.Linktree();

        var verdict = await SubmitAsync(string.Format(null, body, Record(linktree)));

        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Inserted));
        Assert.That(await ListAsync(ListForm.Bare), Is.EqualTo($"[{Record(linktree)}]"));
    }

    [TestCase("{0}")]
    [TestCase("[{{\"payload\":{0}}}]")]
    [TestCase("{{\"payload\":[{0}]}}")]
    [TestCase("{{\"payload\":{{\"value\":{0}}}}}")]
    [TestCase("{{\"payload\":{0},\"payload\":null}}")]
    [TestCase("{{\"payload\":{0}")]
    [TestCase("{{\"payload\":{0}}},")]
    [TestCase("{{\"Payload\":{0}}}")]
    public async Task Body_without_a_payload_is_malformed(string body)
    {
        var verdict = await SubmitAsync(string.Format(null, body, Record(Samples.Linktree())));

        Assert.That(verdict, Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.Malformed)));
        Assert.That(await ListAsync(ListForm.Bare), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Body_longer_than_the_limit_is_too_large()
    {
        var body = $$"""{"payload":{{Record(Samples.Linktree())}}}""".PadRight(LinktreeResponder.MaxSubmissionBytes + 1);

        Assert.That(await SubmitAsync(body), Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.TooLarge)));
        Assert.That((await SubmitAsync(body[..^1])).Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    [Test]
    public void Missing_engine_throws() =>
        Assert.That(() => new LinktreeResponder(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("engine"));

    private static ReplicationEngine Engine(ILinktreeStore store)
    {
        var verifier = new Mock<ISignatureVerifier>();
        verifier.Setup(v => v.Verify(It.IsAny<SignedLinktree>())).Returns(true);
        return new ReplicationEngine(Mock.Of<INodeDirectory>(), Mock.Of<IPeerClient>(), verifier.Object, store, Options);
    }

    private static LinktreeResponder Responder(Mock<ILinktreeStore> store) => new(Engine(store.Object));

    /// <summary>Creates a store that returns these pages for any query.</summary>
    private static Mock<ILinktreeStore> Pages(params SignedLinktree[][] pages)
    {
        var store = new Mock<ILinktreeStore>();
        var answers = store.SetupSequence(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>()));
        for (var i = 0; i < pages.Length; i++)
            answers = answers.ReturnsAsync(new LinktreePage(pages[i], i + 1 < pages.Length ? new LinktreeVersion(i, default) : null));
        return store;
    }

    private static string Record(SignedLinktree linktree)
    {
        var output = new ArrayBufferWriter<byte>();
        LinktreeWriter.WriteRecord(output, linktree);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private ValueTask<Verdict> SubmitAsync(string body) => _responder.SubmitAsync(Encoding.UTF8.GetBytes(body));

    private Task<string> ListAsync(ListForm form) => WrittenAsync(output => _responder.WriteListAsync(output, form));

    private static async Task<string> WrittenAsync(Func<PipeWriter, Task> write)
    {
        using var bytes = new MemoryStream();
        var output = PipeWriter.Create(bytes);
        await write(output);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static async Task<string> TextAsync(PipeReader reader)
    {
        using var text = new StreamReader(reader.AsStream());
        return await text.ReadToEndAsync();
    }
}
