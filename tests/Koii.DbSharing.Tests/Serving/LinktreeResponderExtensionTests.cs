using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Serving;

/// <summary>Summary, reconciliation and fetch, with and without a change feed.</summary>
public sealed class LinktreeResponderExtensionTests
{
    private static readonly byte[] EmptySet = [0x61, 0, 0, 2, 0];

    private readonly DbSharingOptions _options = new() { TaskId = "Task1", LinktreesPerAuthor = 5_000 };
    private InMemoryLinktreeStore _store = null!;
    private LinktreeResponder _responder = null!;

    [SetUp]
    public void SetUp()
    {
        _store = new InMemoryLinktreeStore(_options);
        _responder = Responder(_store);
    }

    [Test]
    public async Task Summary_covers_all_records_and_later_changes()
    {
        SignedLinktree[] records = [Samples.Linktree(1), Samples.Linktree(2)];
        await _store.PutAsync(records);
        var summary = await _responder.GetSummaryAsync();
        await _store.PutAsync([Samples.Linktree(3)]);

        Assert.That(summary, Is.EqualTo(LinktreeModel.Summarize(records)));
        Assert.That((await _responder.GetSummaryAsync()).Count, Is.EqualTo(3));
    }

    [Test]
    public async Task Written_summary_has_the_members_of_the_protocol()
    {
        using var summary = JsonDocument.Parse(await WrittenAsync(output => _responder.WriteSummaryAsync(output)));

        Assert.That(
            summary.RootElement.EnumerateObject().Select(member => member.Name),
            Is.EqualTo(new[] { "protocol", "count", "fingerprint", "perAuthor", "reconcile" }));
        Assert.That(summary.RootElement.GetProperty("perAuthor").GetInt32(), Is.EqualTo(5_000));
    }

    [Test]
    public async Task Reconciliation_finds_the_records_of_the_store()
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 2_000).Select(i => Samples.Linktree((byte)(i % 200), $"u{i}", 1_000 * i))];
        await _store.PutAsync(records);
        var need = new HashSet<LinktreeId>();
        var initiator = new Initiator(
            Reconciliation.SampleItems.SetOf(records.Skip(100).Select(record => DbSharing.Reconciliation.Items.SetItem.Of(record.Version))), need);

        for (var next = initiator.Start(); next is not null;)
            Assert.That(initiator.TryTake(await _responder.ReconcileAsync(next), out next), Is.True);

        Assert.That(need, Is.EquivalentTo(records.Take(100).Select(record => record.Id)));
    }

    [Test]
    public async Task Malformed_message_is_rejected_without_reading_the_store()
    {
        var store = new Mock<ILinktreeStore>(MockBehavior.Strict);
        store.As<ILinktreeChangeFeed>();
        var responder = Responder(store.Object);

        Assert.That(await responder.ReconcileAsync(new byte[] { 0x61, 1 }), Is.Null);
        Assert.That(await responder.ReconcileAsync(new byte[LinktreeResponder.MaxMessageBytes + 1]), Is.Null);
    }

    [Test]
    public void Exception_of_the_store_passes_through()
    {
        var store = new Mock<ILinktreeStore>();
        store.As<ILinktreeChangeFeed>()
            .Setup(s => s.ReadChangesAsync(It.IsAny<ChangePosition>(), It.IsAny<int>(), It.IsAny<CancellationToken>()))
            .Throws(new LinktreeStoreException("Gone."));
        store.Setup(s => s.GetAsync(It.IsAny<IReadOnlyList<LinktreeId>>(), It.IsAny<CancellationToken>()))
            .Throws(new LinktreeStoreException("Gone."));
        var responder = Responder(store.Object);

        Assert.That(async () => await responder.ReconcileAsync(EmptySet), Throws.TypeOf<LinktreeStoreException>());
        Assert.That(() => WrittenAsync(output => responder.WriteRecordsAsync(output, [default])), Throws.TypeOf<LinktreeStoreException>());
    }

    [Test]
    public async Task Records_are_written_in_the_order_of_the_request_and_each_once()
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 150).Select(i => Samples.Linktree((byte)i))];
        await _store.PutAsync(records);
        LinktreeId[] asked = [.. records.Reverse().Select(record => record.Id), default, records[0].Id];

        using var list = JsonDocument.Parse(await WrittenAsync(output => _responder.WriteRecordsAsync(output, asked)));

        Assert.That(
            list.RootElement.EnumerateArray().Select(element => element.GetProperty("key").GetString()),
            Is.EqualTo(records.Reverse().Select(record => $"linktree:{record.Author}")));
    }

    [Test]
    public async Task Request_without_ids_is_answered_with_an_empty_array() =>
        Assert.That(await WrittenAsync(output => _responder.WriteRecordsAsync(output, [])), Is.EqualTo("[]"));

    [Test]
    public void More_ids_than_the_limit_throw() =>
        Assert.That(() => WrittenAsync(output => _responder.WriteRecordsAsync(output, new LinktreeId[1_001])), Throws.ArgumentException);

    [Test]
    public void Store_with_a_change_feed_has_the_extension() => Assert.That(_responder.HasExtension, Is.True);

    [Test]
    public async Task Store_without_a_change_feed_is_summarized_and_listed_without_an_entity_tag()
    {
        var record = Samples.Linktree();
        await _store.PutAsync([record]);
        var responder = Responder(WithoutFeed());

        Assert.That(responder.HasExtension, Is.False);
        Assert.That(await responder.GetEntityTagAsync(ListForm.KeyedByPublicKey), Is.Null);
        Assert.That(await responder.GetEntityTagAsync(ListForm.Bare), Is.Null);
        Assert.That(await responder.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize([record])));
        Assert.That(
            await WrittenAsync(output => responder.WriteListAsync(output, ListForm.Bare)),
            Is.EqualTo(await WrittenAsync(output => _responder.WriteListAsync(output, ListForm.Bare))));
    }

    [Test]
    public void Extension_calls_without_a_change_feed_throw_before_they_write()
    {
        var responder = Responder(WithoutFeed());
        var output = new Mock<PipeWriter>(MockBehavior.Strict).Object;

        AssertThrows(() => responder.WriteSummaryAsync(output));
        AssertThrows(() => responder.ReconcileAsync(EmptySet).AsTask());
        AssertThrows(() => responder.ReconcileAsync(new byte[] { 0x61, 1 }).AsTask());
        AssertThrows(() => responder.WriteRecordsAsync(output, [default]));

        static void AssertThrows(Func<Task> call) => Assert.That(
            call, Throws.InvalidOperationException.With.Message.Contains(
                "ILinktreeChangeFeed").And.Message.Contains(nameof(LinktreeResponder.HasExtension)));
    }

    private static async Task<string> WrittenAsync(Func<PipeWriter, Task> write)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await write(pipe.Writer);
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAsync();
        return Encoding.UTF8.GetString(read.Buffer.ToArray());
    }

    /// <summary>Creates a store of four methods over the in-memory store.</summary>
    private ILinktreeStore WithoutFeed()
    {
        var store = new Mock<ILinktreeStore>(MockBehavior.Strict);
        store.Setup(s => s.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>()))
            .Returns((LinktreeQuery query, CancellationToken cancellationToken) => _store.ListAsync(query, cancellationToken));
        return store.Object;
    }

    private LinktreeResponder Responder(ILinktreeStore store) =>
        new(new ReplicationEngine(Mock.Of<INodeDirectory>(), Mock.Of<IPeerClient>(), Mock.Of<ISignatureVerifier>(), store, _options));
}
