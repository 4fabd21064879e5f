using System.Text;
using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Storage;

public sealed class LinktreeChecksumTests
{
    private static readonly SignedLinktree Record = Samples.Create(uuid: new string('é', 128), timestamp: 1, deleted: true);

    [Test]
    public void Checksum_matches_the_columns_of_its_record() => Assert.That(Matches(), Is.True);

    [Test]
    public void Checksum_is_the_same_in_all_versions() =>
        Assert.That(LinktreeChecksum.Compute(Samples.Create()), Is.EqualTo(Checksum));

    [Test]
    public void Each_changed_column_is_found()
    {
        Assert.That(Matches(author: Changed(Record.Author.AsSpan())), Is.False);
        Assert.That(Matches(uuid: Changed(Encoding.UTF8.GetBytes(Record.Uuid))), Is.False);
        Assert.That(Matches(timestamp: 2), Is.False);
        Assert.That(Matches(id: Changed(Record.Id.AsSpan())), Is.False);
        Assert.That(Matches(isTombstone: false), Is.False);
        Assert.That(Matches(signature: Changed(Record.Signature.AsSpan())), Is.False);
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    [TestCase(1_000_000)]
    public void Column_of_any_length_is_compared_without_an_exception(int length)
    {
        Assert.That(Matches(author: new byte[length]), Is.False);
        Assert.That(Matches(uuid: new byte[length]), Is.False);
        Assert.That(Matches(id: new byte[length]), Is.False);
        Assert.That(Matches(signature: new byte[length]), Is.False);
    }

    private const long Checksum = 3875828387801234109;

    private static bool Matches(
        byte[]? author = null, byte[]? uuid = null, long? timestamp = null, byte[]? id = null, bool isTombstone = true, byte[]? signature = null) =>
        LinktreeChecksum.Matches(
            LinktreeChecksum.Compute(Record),
            author ?? Record.Author.AsSpan(),
            uuid ?? Encoding.UTF8.GetBytes(Record.Uuid),
            timestamp ?? Record.Timestamp,
            id ?? Record.Id.AsSpan(),
            isTombstone,
            signature ?? Record.Signature.AsSpan());

    private static byte[] Changed(ReadOnlySpan<byte> bytes)
    {
        var changed = bytes.ToArray();
        changed[^1] ^= 1;
        return changed;
    }
}
