using static Koii.DbSharing.Tests.Records.Json;

namespace Koii.DbSharing.Tests.Records;

public sealed class LinktreeReaderTests
{
    [Test]
    public void Record_is_read_in_the_forms_of_list_and_all()
    {
        Assert.That(Read(Envelope(Data())), Is.EqualTo(Data()));
        Assert.That(Read(Keyed(Envelope(Data()))), Is.EqualTo(Data()));
        Assert.That(Read($"\r\n\t {Keyed($" {Envelope(Data())} ")} "), Is.EqualTo(Data()));
    }

    [Test]
    public void Other_members_of_the_envelope_are_ignored() =>
        Assert.That(
            Read($$"""{"username":"\u0041","n":[1e400,{}],"value":5,"signature":"{{Signature}}","data":{{Data()}},"0":1,"publicKey":"{{Author(1)}}","__proto__":null}"""),
            Is.EqualTo(Data()));

    [Test]
    public void Author_and_signature_are_read_from_the_envelope()
    {
        Assert.That(LinktreeReader.TryRead(Utf8(Envelope(Data(), author: 7)), out var linktree, out _), Is.True);
        Assert.That(linktree!.Author, Is.EqualTo(Author(7)));
        Assert.That(linktree.Signature, Is.EqualTo(Signature));
    }

    [Test]
    public void Keys_of_the_envelope_may_be_escaped() =>
        Assert.That(
            Read($$"""{"\u0076alue": {"d\u0061ta":{{Data()}},"publicK\u0065y":"{{Author(1)}}","\u0073ignature":"{{Signature}}"} }"""),
            Is.EqualTo(Data()));

    [Test]
    public void Strings_of_the_envelope_may_be_escaped()
    {
        var key = string.Concat(Author(1).ToString().Select(letter => $"\\u{(int)letter:x4}"));
        Assert.That(Read($$"""{"data":{{Data()}},"publicKey":"{{key}}","signature":"{{Signature}}"}"""), Is.EqualTo(Data()));
    }

    [Test]
    public void Last_value_of_a_repeated_envelope_member_counts()
    {
        Assert.That(Read(Before("\"data\":5", Envelope(Data()))), Is.EqualTo(Data()));
        Assert.That(Read(After(Envelope(Data()), "\"data\":5")), Is.EqualTo("<Malformed>"));
        Assert.That(Read(Before("\"publicKey\":null", Envelope(Data()))), Is.EqualTo(Data()));
        Assert.That(Read(After(Envelope(Data()), "\"publicKey\":null")), Is.EqualTo("<BadPublicKey>"));
        Assert.That(Read(After(Envelope(Data()), $"\"d\\u0061ta\":{Data("\"x\":1")}")), Is.EqualTo(Data("\"x\":1")));
        Assert.That(Read(Before("\"value\":1", Keyed(Envelope(Data())))), Is.EqualTo(Data()));
    }

    [TestCase("1")]
    [TestCase("null")]
    [TestCase("\"data\"")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{\"value\":{}}")]
    [TestCase("{\"value\":[]}")]
    [TestCase("{\"data\":null}")]
    [TestCase("{\"data\":[]}")]
    [TestCase("{\"data\":\"{}\"}")]
    [TestCase("")]
    [TestCase("  ")]
    [TestCase("{")]
    [TestCase("<html></html>")]
    [TestCase("{\"message\":\"Task not running\"}")]
    public void Element_without_data_is_malformed(string element) => Assert.That(Read(element), Is.EqualTo("<Malformed>"));

    [Test]
    public void Data_without_an_envelope_is_malformed()
    {
        Assert.That(Read(Data()), Is.EqualTo("<Malformed>"));
        Assert.That(Read(Keyed(Data())), Is.EqualTo("<Malformed>"));
    }

    [Test]
    public void Value_inside_a_value_is_malformed() => Assert.That(Read(Keyed(Keyed(Envelope(Data())))), Is.EqualTo("<Malformed>"));

    [Test]
    public void Value_does_not_replace_malformed_data() =>
        Assert.That(Read($$"""{"data":[],"value":{{Envelope(Data())}}}"""), Is.EqualTo("<Malformed>"));

    [TestCase("null")]
    [TestCase("1")]
    [TestCase("[]")]
    [TestCase("\"\"")]
    [TestCase("\"1111\"")]
    [TestCase("\"11111111111111111111111111111111\\u0000\"")]
    [TestCase("\"0OIl11111111111111111111111111111\"")]
    [TestCase("\" AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9\"")]
    [TestCase("\"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9 \"")]
    [TestCase("\"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9\\n\"")]
    [TestCase("\"1AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9\"")]
    [TestCase("\"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebL\"")]
    [TestCase("\"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZé\"")]
    [TestCase("\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"")]
    public void Public_key_that_is_not_32_bytes_in_base58_is_rejected(string key)
    {
        Assert.That(Read($$"""{"data":{{Data()}},"publicKey":{{key}},"signature":"{{Signature}}"}"""), Is.EqualTo("<BadPublicKey>"));
        Assert.That(Read($$"""{"data":{{Data()}},"signature":"{{Signature}}"}"""), Is.EqualTo("<BadPublicKey>"));
    }

    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("\"\"")]
    [TestCase("\"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9\"")]
    [TestCase("\"4sf1icthdvrUPxbM9c7i9sGUeFseTDgZKWuj6FKwEx2n2xV1JJtUqDmFzLcXMwyqtQ6opo1TYRdGEzLUMc\"")]
    [TestCase("\"4sf1icthdvrUPxbM9c7i9sGUeFseTDgZKWuj6FKwEx2n2xV1JJtUqDmFzLcXMwyqtQ6opo1TYRdGEzLUMcMkhqK4 \"")]
    [TestCase("\"14sf1icthdvrUPxbM9c7i9sGUeFseTDgZKWuj6FKwEx2n2xV1JJtUqDmFzLcXMwyqtQ6opo1TYRdGEzLUMcMkhqK4\"")]
    [TestCase("\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"")]
    public void Signature_that_is_not_64_bytes_in_base58_is_rejected(string signature)
    {
        Assert.That(Read($$"""{"data":{{Data()}},"publicKey":"{{Author(1)}}","signature":{{signature}}}"""), Is.EqualTo("<BadSignatureEncoding>"));
        Assert.That(Read($$"""{"data":{{Data()}},"publicKey":"{{Author(1)}}"}"""), Is.EqualTo("<BadSignatureEncoding>"));
    }

    [Test]
    public void Depth_is_counted_from_the_data()
    {
        var deepest = Data($"\"d\":{Nested(63)}");
        var tooDeep = Data($"\"d\":{Nested(64)}");
        Assert.That(Read(Envelope(deepest)), Is.EqualTo(deepest));
        Assert.That(Read(Keyed(Envelope(deepest))), Is.EqualTo(deepest));
        Assert.That(Read(Envelope(tooDeep)), Is.EqualTo("<TooDeep>"));
        Assert.That(Read(Keyed(Envelope(tooDeep))), Is.EqualTo("<TooDeep>"));
        Assert.That(Read(Envelope(Data($"\"d\":{Nested(10_000)}"))), Is.EqualTo("<TooDeep>"));
        Assert.That(Read(Before($"\"deep\":{Nested(100)}", Envelope(deepest))), Is.EqualTo(deepest));
    }

    [Test]
    public void Data_of_more_than_65536_bytes_is_too_large()
    {
        var remaining = SignedLinktree.MaxDataBytes - Data("\"s\":\"\"").Length;
        Assert.That(Read(Envelope(Data($"\"s\":\"{new string('x', remaining)}\""))), Has.Length.EqualTo(SignedLinktree.MaxDataBytes));
        Assert.That(Read(Envelope(Data($"\"s\":\"{new string('x', remaining + 1)}\""))), Is.EqualTo("<TooLarge>"));
    }

    [Test]
    public void Invalid_utf8_anywhere_is_malformed()
    {
        var envelope = Utf8(Before("\"username\":\"?\"", Envelope(Data())));
        envelope[Array.IndexOf(envelope, (byte)'?')] = 0xFF;
        Assert.That(Read(envelope), Is.EqualTo("<Malformed>"));
    }

    [Test]
    public void Byte_order_mark_before_a_record_is_malformed() => Assert.That(Read("\ufeff" + Envelope(Data())), Is.EqualTo("<Malformed>"));

    [TestCase("9007199254740991", "{")]
    [TestCase("9007199254740992", "<Malformed>")]
    public void Maximum_timestamp_is_2_to_the_53_minus_1(string timestamp, string start) =>
        Assert.That(Read(Envelope(Data(timestamp: timestamp))), Does.StartWith(start));
}
