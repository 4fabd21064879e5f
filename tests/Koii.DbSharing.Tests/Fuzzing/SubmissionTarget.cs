using System.IO.Pipelines;
using Koii.DbSharing.Records;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;
using Moq;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Bodies of submissions: a record that is reported as stored is in the store, and is served in a list that peers can
/// read.
/// </summary>
internal sealed class SubmissionTarget : FuzzTarget<Verdict>
{
    private readonly DbSharingOptions _options = new() { TaskId = "T", MaxRecords = 200, LinktreesPerAuthor = 4, MaxRetainedChanges = 100 };
    private readonly InMemoryLinktreeStore _store;
    private readonly LinktreeResponder _responder;
    private int _fed;

    public SubmissionTarget()
    {
        _store = new InMemoryLinktreeStore(_options);
        // This verifier accepts most signatures, so that mutations reach the store.
        var engine = new ReplicationEngine(Mock.Of<INodeDirectory>(), Mock.Of<IPeerClient>(), new FakeVerifier(), _store, _options);
        _responder = new LinktreeResponder(engine);
    }

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Submissions.Select(FuzzSeeds.Utf8);

    protected override ValueTask<Verdict> ReadAsync(byte[] input) => _responder.SubmitAsync(input);

    protected override int Check(byte[] input, Verdict verdict)
    {
        Assert.That(verdict.Kind is VerdictKind.Rejected, Is.EqualTo(verdict.Reason is not RejectionReason.None));
        if (LinktreeReader.TryReadMember(input, "payload"u8, out var record, out var reason))
        {
            var held = _store.GetAsync([record.Id]).AsTask().GetAwaiter().GetResult();
            var isHeld = held.Count == 1 && held[0].Id == record.Id;
            Assert.That(
                verdict.Kind is VerdictKind.Inserted or VerdictKind.Replaced or VerdictKind.Unchanged, Is.EqualTo(isHeld), verdict.ToString());
        }
        else
        {
            Assert.That(verdict, Is.EqualTo(new Verdict(VerdictKind.Rejected, reason)));
        }

        if (_fed++ % 500 == 0)
            AssertServed();
        return HashCode.Combine(verdict, record?.IsTombstone, record?.Uuid.Length);
    }

    private void AssertServed()
    {
        var written = new MemoryStream();
        _responder.WriteListAsync(
            PipeWriter.Create(written, new StreamPipeWriterOptions(leaveOpen: true)), ListForm.KeyedByPublicKey).GetAwaiter().GetResult();
        written.Position = 0;
        var limits = new ListLimits(long.MaxValue, int.MaxValue, int.MaxValue);
        var pages = LinktreeReader.ReadListAsync(written, limits).ToListAsync().AsTask().GetAwaiter().GetResult();
        var held = _store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue }).AsTask().GetAwaiter().GetResult();
        Assert.That(pages[^1].End, Is.EqualTo(ListEnd.Complete));
        Assert.That(pages.SelectMany(page => page.Linktrees), Is.EqualTo(held.Linktrees));
    }
}
