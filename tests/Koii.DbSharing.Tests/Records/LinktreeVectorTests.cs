using System.Text;

namespace Koii.DbSharing.Tests.Records;

[TestFixtureSource(typeof(LinktreeVector), nameof(LinktreeVector.All))]
public sealed class LinktreeVectorTests(LinktreeVector vector)
{
    private readonly PublicKey _author = PublicKey.TryParse(vector.PublicKey, out var key) ? key : throw new ArgumentException(vector.PublicKey);

    private readonly LinktreeSignature _signature =
        LinktreeSignature.TryParse(vector.Signature, out var signature) ? signature : throw new ArgumentException(vector.Signature);

    [Test]
    public void Data_is_converted_to_its_canonical_form()
    {
        var linktree = Create(vector.DataText);

        Assert.That(Encoding.UTF8.GetString(linktree.Data.Span), Is.EqualTo(vector.Canonical));
        Assert.That(Convert.ToHexStringLower(linktree.Data.Span), Is.EqualTo(vector.CanonicalUtf8Hex));
    }

    [Test]
    public void Canonical_form_is_not_changed() =>
        Assert.That(Convert.ToHexStringLower(Create(vector.Canonical).Data.Span), Is.EqualTo(vector.CanonicalUtf8Hex));

    [Test]
    public void Record_id_is_computed_from_the_canonical_form() =>
        Assert.That(Create(vector.DataText).Id.ToString(), Is.EqualTo(vector.RecordId));

    [Test]
    public void Uuid_and_timestamp_are_read_from_the_data()
    {
        var linktree = Create(vector.DataText);

        Assert.That(linktree.Uuid, Is.EqualTo(vector.Uuid));
        Assert.That(linktree.Timestamp, Is.EqualTo(vector.Timestamp));
        Assert.That(linktree.Key, Is.EqualTo(new LinktreeKey(_author, vector.Uuid)));
        Assert.That(linktree.Version, Is.EqualTo(new LinktreeVersion(vector.Timestamp, linktree.Id)));
    }

    [Test]
    public void Only_a_deleted_record_with_a_task_is_a_tombstone()
    {
        var linktree = Create(vector.DataText);

        Assert.That(linktree.IsTombstone, Is.EqualTo(vector.Name == "tombstone"));
        Assert.That(linktree.TaskId, Is.EqualTo(vector.Name == "tombstone" ? "Task1" : null));
    }

    [Test]
    public void Key_and_signature_are_formatted_as_they_were_parsed()
    {
        Assert.That(_author.ToString(), Is.EqualTo(vector.PublicKey));
        Assert.That(_signature.ToString(), Is.EqualTo(vector.Signature));
    }

    [Test]
    public void Both_forms_of_the_envelope_contain_the_same_record()
    {
        var record = $$"""{"username":"x","signature":"{{vector.Signature}}","publicKey":"{{vector.PublicKey}}","data":{{vector.DataText}}}""";
        foreach (var envelope in new[] { record, Json.Keyed(record) })
        {
            Assert.That(LinktreeReader.TryRead(Encoding.UTF8.GetBytes(envelope), out var linktree, out var reason), Is.True);
            Assert.That(reason, Is.EqualTo(RejectionReason.None));
            Assert.That(linktree, Is.EqualTo(Create(vector.DataText)));
        }
    }

    private SignedLinktree Create(string data) =>
        SignedLinktree.TryCreate(_author, _signature, Encoding.UTF8.GetBytes(data), out var linktree, out var reason)
            ? linktree
            : throw new AssertionException($"{vector.Name}: {reason}");
}
