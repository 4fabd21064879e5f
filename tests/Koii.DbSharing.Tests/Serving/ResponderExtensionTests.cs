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

/// <summary>Summary, reconciliation and fetching, without HTTP.</summary>
public sealed class ResponderExtensionTests
{
    private static readonly byte[] EmptySet = [0x61, 0, 0, 2, 0];

    private readonly DbSharingOptions _options = new() { TaskId = "Task1", LinktreesPerAuthor = 5_000 };
    private InMemoryLinktreeStore _store = null!;
    private LinktreeResponder _responder = null!;

    [SetUp]
    public void Make()
    {
        _store = new InMemoryLinktreeStore(_options);
        _responder = Responder(_store);
    }

    [Test]
    public async Task Summary_is_that_of_all_records_and_follows_the_store()
    {
        SignedLinktree[] records = [Samples.Linktree(1), Samples.Linktree(2)];
        await _store.PutAsync(records);
        var summary = await _responder.GetSummaryAsync();
        await _store.PutAsync([Samples.Linktree(3)]);

        Assert.That(summary, Is.EqualTo(LinktreeModel.Summarize(records)));
        Assert.That((await _responder.GetSummaryAsync()).Count, Is.EqualTo(3));
    }

    [Test]
    public async Task Written_summary_says_what_a_peer_must_know()
    {
        using var summary = JsonDocument.Parse(await WrittenAsync(output => _responder.WriteSummaryAsync(output)));

        Assert.That(summary.RootElement.EnumerateObject().Select(member => member.Name), Is.EqualTo(new[] { "protocol", "count", "fingerprint", "perAuthor", "reconcile" }));
        Assert.That(summary.RootElement.GetProperty("perAuthor").GetInt32(), Is.EqualTo(5_000));
    }

    [Test]
    public async Task Conversation_finds_what_the_store_holds()
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 2_000).Select(i => Samples.Linktree((byte)(i % 200), $"u{i}", 1_000 * i))];
        await _store.PutAsync(records);
        var need = new HashSet<LinktreeId>();
        var initiator = new Initiator(Reconciliation.SampleItems.SetOf(records.Skip(100).Select(record => DbSharing.Reconciliation.Items.SetItem.Of(record.Version))), need);

        for (var next = initiator.Start(); next is not null;)
            Assert.That(initiator.TryTake(await _responder.ReconcileAsync(next), out next), Is.True);

        Assert.That(need, Is.EquivalentTo(records.Take(100).Select(record => record.Id)));
    }

    [Test]
    public async Task Malformed_message_is_refused_without_a_look_at_the_store()
    {
        var store = new Mock<ILinktreeStore>(MockBehavior.Strict);
        store.As<ILinktreeChangeFeed>();
        var responder = Responder(store.Object);

        Assert.That(await responder.ReconcileAsync(new byte[] { 0x61, 1 }), Is.Null);
        Assert.That(await responder.ReconcileAsync(new byte[LinktreeResponder.MaxMessageBytes + 1]), Is.Null);
    }

    [Test]
    public void Failure_of_the_store_passes_through()
    {
        var store = new Mock<ILinktreeStore>();
        store.As<ILinktreeChangeFeed>().Setup(s => s.ReadChangesAsync(It.IsAny<ChangePosition>(), It.IsAny<int>(), It.IsAny<CancellationToken>())).Throws(new LinktreeStoreException("Gone."));
        store.Setup(s => s.GetAsync(It.IsAny<IReadOnlyList<LinktreeId>>(), It.IsAny<CancellationToken>())).Throws(new LinktreeStoreException("Gone."));
        var responder = Responder(store.Object);

        Assert.That(async () => await responder.ReconcileAsync(EmptySet), Throws.TypeOf<LinktreeStoreException>());
        Assert.That(() => WrittenAsync(output => responder.WriteRecordsAsync(output, [default])), Throws.TypeOf<LinktreeStoreException>());
    }

    [Test]
    public async Task Records_are_written_in_the_order_of_their_ids_and_each_once()
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
    public async Task No_records_are_an_empty_array() => Assert.That(await WrittenAsync(output => _responder.WriteRecordsAsync(output, [])), Is.EqualTo("[]"));

    [Test]
    public void More_records_than_a_fetch_may_ask_for_are_a_broken_call() =>
        Assert.That(() => WrittenAsync(output => _responder.WriteRecordsAsync(output, new LinktreeId[1_001])), Throws.ArgumentException);

    private static async Task<string> WrittenAsync(Func<PipeWriter, Task> write)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await write(pipe.Writer);
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAsync();
        return Encoding.UTF8.GetString(read.Buffer.ToArray());
    }

    private LinktreeResponder Responder(ILinktreeStore store) =>
        new(new ReplicationEngine(Mock.Of<INodeDirectory>(), Mock.Of<IPeerClient>(), Mock.Of<ISignatureVerifier>(), store, _options));
}
