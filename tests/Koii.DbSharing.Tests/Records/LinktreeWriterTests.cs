using System.Buffers;
using System.Text;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

public sealed class LinktreeWriterTests
{
    private static readonly SignedLinktree Linktree = Samples.Linktree(uuid: "ü", name: "🚀\u2028");

    [Test]
    public void Record_is_written_with_its_data_byte_for_byte() =>
        Assert.That(Write(LinktreeWriter.WriteRecord), Is.EqualTo(
            $$"""{"data":{{Encoding.UTF8.GetString(Linktree.Data.Span)}},"publicKey":"{{Linktree.Author}}","signature":"{{Linktree.Signature}}"}"""));

    [Test]
    public void Keyed_record_is_written_with_the_resource_name() =>
        Assert.That(Write((output, linktree) => LinktreeWriter.WriteKeyedRecord(output, linktree, "re-so_u.r~ce1")), Is.EqualTo(
            $$"""{"key":"re-so_u.r~ce1:{{Linktree.Author}}","value":{{Write(LinktreeWriter.WriteRecord)}}}"""));

    [Test]
    public void Submission_has_the_record_as_its_payload() =>
        Assert.That(Write(LinktreeWriter.WriteSubmission), Is.EqualTo($$"""{"payload":{{Write(LinktreeWriter.WriteRecord)}}}"""));

    [Test]
    public void Written_record_is_read_as_the_same_record()
    {
        var keyed = Write((output, linktree) => LinktreeWriter.WriteKeyedRecord(output, linktree, "linktree"));
        foreach (var written in new[] { Write(LinktreeWriter.WriteRecord), keyed })
        {
            Assert.That(LinktreeReader.TryRead(Encoding.UTF8.GetBytes(written), out var read, out _), Is.True);
            Assert.That(read, Is.EqualTo(Linktree));
        }
    }

    [TestCase("")]
    [TestCase("a b")]
    [TestCase("\"")]
    [TestCase("é")]
    public void Resource_name_that_is_not_valid_in_a_path_throws(string name) =>
        Assert.That(() => LinktreeWriter.WriteKeyedRecord(new ArrayBufferWriter<byte>(), Linktree, name), Throws.ArgumentException);

    [Test]
    public void Writing_allocates_nothing()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        LinktreeWriter.WriteKeyedRecord(output, Linktree, "linktree");
        output.ResetWrittenCount();
        var before = GC.GetAllocatedBytesForCurrentThread();
        LinktreeWriter.WriteKeyedRecord(output, Linktree, "linktree");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static string Write(Action<IBufferWriter<byte>, SignedLinktree> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output, Linktree);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
