using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

/// <summary>The text forms of keys, signatures and ids: parsing, formatting and JSON.</summary>
public sealed partial class ValueTextTests
{
    [Test]
    public void Formatted_public_key_is_parsed_to_the_same_value() => AssertRoundTrip(bytes => new PublicKey(bytes), PublicKey.Size);

    [Test]
    public void Formatted_signature_is_parsed_to_the_same_value() => AssertRoundTrip(bytes => new LinktreeSignature(bytes), LinktreeSignature.Size);

    [Test]
    public void Formatted_id_is_parsed_to_the_same_value() => AssertRoundTrip(bytes => new LinktreeId(bytes), LinktreeId.Size);

    [Test]
    public void Short_overloads_of_parsing_and_formatting_agree_with_the_interfaces()
    {
        var (key, signature, id) = (Samples.Author(1), Json.Signature, new LinktreeId(Samples.Author(1).AsSpan()));
        var buffer = new byte[88];

        Assert.That(PublicKey.Parse(key.ToString()), Is.EqualTo(key));
        Assert.That(
            key.TryFormat(buffer, out var length) && PublicKey.TryParse(buffer.AsSpan(0, length), out var parsedKey) && parsedKey == key, Is.True);
        Assert.That(LinktreeSignature.Parse(signature.ToString()), Is.EqualTo(signature));
        Assert.That(
            signature.TryFormat(buffer, out length) && LinktreeSignature.TryParse(
                buffer.AsSpan(0, length), out var parsedSignature) && parsedSignature == signature, Is.True);
        Assert.That(LinktreeId.Parse(id.ToString()), Is.EqualTo(id));
        Assert.That(id.TryFormat(buffer, out length) && LinktreeId.TryParse(buffer.AsSpan(0, length), out var parsedId) && parsedId == id, Is.True);
    }

    [TestCase("")]
    [TestCase("0OIl")]
    [TestCase(" 11111111111111111111111111111111")]
    [TestCase("1111111111111111111111111111111")]
    [TestCase("\u0661")]
    public void Text_that_is_not_a_value_causes_an_exception_that_contains_it(string text)
    {
        AssertInvalid<PublicKey>(text);
        AssertInvalid<LinktreeSignature>(text);
        AssertInvalid<LinktreeId>(text);
    }

    [Test]
    public void Null_is_not_a_value()
    {
        Assert.That(
            PublicKey.TryParse((string?)null, out _) || LinktreeSignature.TryParse((string?)null, out _) || LinktreeId.TryParse((string?)null, out _),
            Is.False);
        Assert.That(() => Parse<PublicKey>(null!), Throws.ArgumentNullException);
        Assert.That(() => Parse<LinktreeSignature>(null!), Throws.ArgumentNullException);
        Assert.That(() => Parse<LinktreeId>(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Id_is_parsed_in_either_case_and_rejected_with_other_characters_or_lengths()
    {
        var text = Convert.ToHexString(Samples.Author(1).AsSpan());

        Assert.That(LinktreeId.Parse(text), Is.EqualTo(LinktreeId.Parse(text.ToLowerInvariant())));
        string[] invalid = [text[1..], text + "0", text[2..], "0x" + text[2..], text[..^1] + "g", " " + text[1..], text[..^1] + "\u0665"];
        foreach (var changed in invalid)
            AssertInvalid<LinktreeId>(changed);
    }

    [Test]
    public void Values_in_JSON_are_their_text_forms()
    {
        var holder = Sample();

        var json = JsonSerializer.Serialize(holder, Context.Default.Holder);

        var expected = $$"""
            {"Author":"{{holder.Author}}","Signature":"{{holder.Signature}}","Id":"{{holder.Id}}","Counts":{"{{holder.Author}}":1},
            "Key":{"Author":"{{holder.Author}}","Uuid":"u"},"Version":{"Timestamp":5,"Id":"{{holder.Id}}"},
            "Summary":{"Count":7,"Fingerprint":340282366920938463463374607431768211455},"Missing":null}
            """.ReplaceLineEndings("");
        Assert.That(json, Is.EqualTo(expected));
        var read = JsonSerializer.Deserialize(json, Context.Default.Holder)!;
        Assert.That(read with { Counts = holder.Counts }, Is.EqualTo(holder));
        Assert.That(read.Counts, Is.EqualTo(holder.Counts));
    }

    [Test]
    public void Reflection_reads_and_writes_the_same_JSON_as_the_source_generator()
    {
        var holder = Sample();

        var json = JsonSerializer.Serialize(holder);

        Assert.That(json, Is.EqualTo(JsonSerializer.Serialize(holder, Context.Default.Holder)));
        Assert.That(JsonSerializer.Deserialize<Holder>(json)! with { Counts = holder.Counts }, Is.EqualTo(holder));
    }

    [TestCase("\"x\"")]
    [TestCase("5")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("[\"11111111111111111111111111111111\"]")]
    [TestCase("\"\\ud800\"")]
    public void JSON_that_is_not_a_text_form_causes_a_JsonException(string json)
    {
        Assert.That(() => JsonSerializer.Deserialize<PublicKey>(json), Throws.TypeOf<JsonException>());
        Assert.That(() => JsonSerializer.Deserialize<LinktreeSignature>(json), Throws.TypeOf<JsonException>());
        Assert.That(() => JsonSerializer.Deserialize<LinktreeId>(json), Throws.TypeOf<JsonException>());
        Assert.That(() => JsonSerializer.Deserialize<Dictionary<PublicKey, int>>("{\"x\":1}"), Throws.TypeOf<JsonException>());
    }

    private static Holder Sample()
    {
        var author = Samples.Author(1);
        var id = new LinktreeId(Samples.Author(2).AsSpan());
        return new Holder(
            author, Json.Signature, id, new() { [author] = 1 }, new LinktreeKey(
                author, "u"), new LinktreeVersion(5, id), new SetSummary(7, UInt128.MaxValue), null);
    }

    private static void AssertRoundTrip<T>(Func<byte[], T> create, int size)
        where T : struct, ISpanParsable<T>, IUtf8SpanParsable<T>, ISpanFormattable, IUtf8SpanFormattable
    {
        Assert.That(Parse<T>(default(T).ToString()!), Is.EqualTo(default(T)));
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var bytes = new byte[size];
            random.NextBytes(bytes.AsSpan(random.Next(4) == 0 ? random.Next(size + 1) : 0));
            var value = create(bytes);
            var text = value.ToString("any", CultureInfo.InvariantCulture);
            var utf8 = Encoding.UTF8.GetBytes(text);

            Assert.That($"{value}", Is.EqualTo(text));
            Assert.That(Parse<T>(text), Is.EqualTo(value));
            Assert.That(T.Parse(text.AsSpan(), null), Is.EqualTo(value));
            Assert.That(T.Parse(utf8, null), Is.EqualTo(value));
            Assert.That(TryParse<T>(text), Is.EqualTo(value));
            Assert.That(T.TryParse(text.AsSpan(), null, out var fromChars) && fromChars.Equals(value), Is.True);
            Assert.That(T.TryParse(utf8, null, out var fromUtf8) && fromUtf8.Equals(value), Is.True);

            // The buffer is longer, equal or one shorter than the text.
            var length = text.Length + random.Next(-1, 2);
            var (chars, utf8Buffer) = (new char[length], new byte[length]);
            Assert.That(value.TryFormat(chars, out var charsWritten, default, null), Is.EqualTo(length >= text.Length));
            Assert.That(value.TryFormat(utf8Buffer, out var bytesWritten, default, null), Is.EqualTo(length >= text.Length));
            Assert.That((charsWritten, bytesWritten), Is.EqualTo(length >= text.Length ? (text.Length, text.Length) : (0, 0)));
            if (length >= text.Length)
                Assert.That((new string(chars, 0, charsWritten), Encoding.UTF8.GetString(utf8Buffer, 0, bytesWritten)), Is.EqualTo((text, text)));
        }).QuickCheckThrowOnFailure();
    }

    private static void AssertInvalid<T>(string text)
        where T : struct, ISpanParsable<T>, IUtf8SpanParsable<T>
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Assert.That(() => Parse<T>(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));
        Assert.That(() => T.Parse(text.AsSpan(), null), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));
        Assert.That(() => T.Parse(utf8, null), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));
        Assert.That(TryParse<T>(text), Is.Null);
        Assert.That(
            T.TryParse(text.AsSpan(), null, out var fromChars) || T.TryParse(utf8, null, out var fromUtf8) || !fromChars.Equals(default(T)),
            Is.False);
    }

    private static T Parse<T>(string text)
        where T : struct, IParsable<T> => T.Parse(text, null);

    private static T? TryParse<T>(string text)
        where T : struct, IParsable<T> => T.TryParse(text, null, out var value) ? value : null;

    internal sealed record Holder(
        PublicKey Author,
        LinktreeSignature Signature,
        LinktreeId Id,
        Dictionary<PublicKey, int> Counts,
        LinktreeKey Key,
        LinktreeVersion Version,
        SetSummary Summary,
        PublicKey? Missing);

    [JsonSerializable(typeof(Holder))]
    internal sealed partial class Context : JsonSerializerContext;
}
