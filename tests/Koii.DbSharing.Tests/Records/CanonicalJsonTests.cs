using System.Globalization;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Records;

public sealed class CanonicalJsonTests
{
    [TestCase("null")]
    [TestCase("true")]
    [TestCase("false")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("999999999999999")]
    [TestCase("\"\"")]
    [TestCase("\"a\"")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("[1,[2,{\"a\":[]}],\"b\"]")]
    [TestCase("{\"\":{\"\":{}}}")]
    public void Text_may_be_any_JSON_value(string canonical)
    {
        Assert.That(Json.Canonical(canonical), Is.EqualTo(canonical));
        Assert.That(Json.Canonical($" \t\r\n{canonical}\n "), Is.EqualTo(canonical));
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("nul")]
    [TestCase("nullx")]
    [TestCase("True")]
    [TestCase("NaN")]
    [TestCase("Infinity")]
    [TestCase("undefined")]
    [TestCase("+1")]
    [TestCase("-")]
    [TestCase("01")]
    [TestCase("-01")]
    [TestCase("1.")]
    [TestCase(".5")]
    [TestCase("1e")]
    [TestCase("1e+")]
    [TestCase("0x10")]
    [TestCase("1 2")]
    [TestCase("1,")]
    [TestCase("\"")]
    [TestCase("\"a")]
    [TestCase("\"\\")]
    [TestCase("\"\\x\"")]
    [TestCase("\"\\u\"")]
    [TestCase("\"\\u12\"")]
    [TestCase("\"\\u12g4\"")]
    [TestCase("\"\\u 123\"")]
    [TestCase("\"\\u123\u0000\"")]
    [TestCase("\"\\u1\u0000\u0000\u0000\"")]
    [TestCase("\"\\u+123\"")]
    [TestCase("\"\\U0041\"")]
    [TestCase("\"\\")]
    [TestCase("\"\n\"")]
    [TestCase("\"\u0000\"")]
    [TestCase("\"\u001f\"")]
    [TestCase("'a'")]
    [TestCase("[")]
    [TestCase("]")]
    [TestCase("[1")]
    [TestCase("[1,")]
    [TestCase("[1,]")]
    [TestCase("[,1]")]
    [TestCase("[1 2]")]
    [TestCase("[1}")]
    [TestCase("{")]
    [TestCase("}")]
    [TestCase("{]")]
    [TestCase("{\"a\"}")]
    [TestCase("{\"a\":}")]
    [TestCase("{\"a\":1,}")]
    [TestCase("{,\"a\":1}")]
    [TestCase("{\"a\":1]")]
    [TestCase("{\"a\" 1}")]
    [TestCase("{a:1}")]
    [TestCase("{1:1}")]
    [TestCase("{\"a\":1 \"b\":2}")]
    [TestCase("[1] []")]
    [TestCase("/**/1")]
    [TestCase("\u00a01")]
    [TestCase("\u000b1")]
    [TestCase("\ufeff1")]
    public void Text_that_JavaScript_rejects_is_malformed(string text) => Assert.That(Json.Canonical(text), Is.EqualTo("<Malformed>"));

    [TestCase("80")]
    [TestCase("C0 80")]
    [TestCase("C1 81")]
    [TestCase("E0 80 80")]
    [TestCase("ED A0 80")]
    [TestCase("F4 90 80 80")]
    [TestCase("F8 88 80 80 80")]
    [TestCase("E2 82")]
    [TestCase("FF")]
    public void Invalid_utf8_is_malformed(string hex) =>
        Assert.That(
            Json.Canonical([(byte)'"', .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), (byte)'"']),
            Is.EqualTo("<Malformed>"));

    [TestCase("1.0", "1")]
    [TestCase("-0", "0")]
    [TestCase("-0.0e5", "0")]
    [TestCase("0e999999999999999999999", "0")]
    [TestCase("100000000000000000000", "100000000000000000000")]
    [TestCase("1e20", "100000000000000000000")]
    [TestCase("1E+21", "1e+21")]
    [TestCase("123456789012345678901", "123456789012345680000")]
    [TestCase("9007199254740992", "9007199254740992")]
    [TestCase("9007199254740993", "9007199254740992")]
    [TestCase("-9007199254740993", "-9007199254740992")]
    [TestCase("9999999999999999", "10000000000000000")]
    [TestCase("0.1", "0.1")]
    [TestCase("-12.50", "-12.5")]
    [TestCase("0.000001", "0.000001")]
    [TestCase("0.00000123456789012345678", "0.0000012345678901234567")]
    [TestCase("1e-7", "1e-7")]
    [TestCase("-1.5e-7", "-1.5e-7")]
    [TestCase("5e-324", "5e-324")]
    [TestCase("2.4703282292062327e-324", "0")]
    [TestCase("-2.4703282292062327e-324", "0")]
    [TestCase("2.2250738585072014e-308", "2.2250738585072014e-308")]
    [TestCase("1.7976931348623157e308", "1.7976931348623157e+308")]
    [TestCase("1.7976931348623158e308", "1.7976931348623157e+308")]
    [TestCase("1.7976931348623159e308", "null")]
    [TestCase("1e400", "null")]
    [TestCase("-1e400", "null")]
    [TestCase("1e99999999999999999999", "null")]
    [TestCase("1e-99999999999999999999", "0")]
    [TestCase("1.7e12", "1700000000000")]
    [TestCase("2.98023223876953125e-8", "2.9802322387695312e-8")]
    [TestCase("5.684341886080801486968994140625E-14", "5.684341886080802e-14")]
    [TestCase("1e23", "1e+23")]
    [TestCase("1152921504606846976", "1152921504606847000")]
    public void Numbers_are_written_as_in_ECMAScript(string text, string canonical)
    {
        Assert.That(Json.Canonical(text), Is.EqualTo(canonical));
        Assert.That(Json.Canonical($"[{text},{text}]"), Is.EqualTo($"[{canonical},{canonical}]"));
    }

    [Test]
    public void Long_numbers_are_rounded_exactly()
    {
        // Exactly between two doubles, unless a digit at the far end adds to it.
        var tie = "9007199254740993." + new string('0', 5_000);
        Assert.That(Json.Canonical(tie), Is.EqualTo("9007199254740992"));
        Assert.That(Json.Canonical(tie + "1"), Is.EqualTo("9007199254740994"));
        Assert.That(Json.Canonical("0." + new string('0', 100_000) + "1e100001"), Is.EqualTo("1"));
        Assert.That(Json.Canonical("1" + new string('0', 100_000) + "e-100000"), Is.EqualTo("1"));
        Assert.That(Json.Canonical(new string('7', 300_000)), Is.EqualTo("null"));
        Assert.That(Json.Canonical("0." + new string('1', 300_000)), Is.EqualTo("0.1111111111111111"));
    }

    [Test]
    public void Output_longer_than_the_text_is_complete()
    {
        var text = "[" + string.Join(',', Enumerable.Repeat("1e20", 10_000)) + ",\"end\"]";
        var expected = "[" + string.Join(',', Enumerable.Repeat("100000000000000000000", 10_000)) + ",\"end\"]";
        Assert.That(Json.Canonical(text), Is.EqualTo(expected));
    }

    [TestCase("\\\" \\\\ \\b \\f \\n \\r \\t", "\\\" \\\\ \\b \\f \\n \\r \\t")]
    [TestCase("\\/", "/")]
    [TestCase("\\u0022\\u005C\\u0008\\u000c\\u000A\\u000d\\u0009", "\\\"\\\\\\b\\f\\n\\r\\t")]
    [TestCase("\\u0000\\u0001\\u000B\\u001F", "\\u0000\\u0001\\u000b\\u001f")]
    [TestCase("\\u0020\\u002F\\u003c\\u007F\\u00a0\\u2028\\u2029\\ufeff\\uFFFF\\ue000", " /<\u007f\u00a0\u2028\u2029\ufeff\uffff\ue000")]
    [TestCase("\\ud83d\\uDE80", "🚀")]
    [TestCase("\\uD83D", "\\ud83d")]
    [TestCase("\\uDE80\\uD83D", "\\ude80\\ud83d")]
    [TestCase("\\uD83D\\uD83D\\uDE80\\uDE80", "\\ud83d🚀\\ude80")]
    [TestCase("\\uD83D \\uDE80", "\\ud83d \\ude80")]
    [TestCase("\\uD83D\\n", "\\ud83d\\n")]
    [TestCase("\\uD83Dé", "\\ud83dé")]
    [TestCase("\\uDBFF\\uDFFF", "\U0010ffff")]
    public void Strings_are_quoted_as_in_ECMAScript(string text, string canonical) =>
        Assert.That(Json.Canonical($"[\"{text}\",\"x{text}y\"]"), Is.EqualTo($"[\"{canonical}\",\"x{canonical}y\"]"));

    [TestCase("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}")]
    [TestCase("{\"a\":1,\"1\":2}", "{\"1\":2,\"a\":1}")]
    [TestCase("{\"2\":1,\"10\":2,\"1\":3}", "{\"1\":3,\"2\":1,\"10\":2}")]
    [TestCase("{\"a\":0,\"4294967294\":1,\"4294967295\":2,\"4294967296\":3}", "{\"4294967294\":1,\"a\":0,\"4294967295\":2,\"4294967296\":3}")]
    [TestCase("{\"a\":0,\"01\":1,\"-1\":2,\"1.5\":3,\"1e3\":4,\"\":5,\"00\":6}", "{\"a\":0,\"01\":1,\"-1\":2,\"1.5\":3,\"1e3\":4,\"\":5,\"00\":6}")]
    [TestCase("{\"a\":0,\"18446744073709551617\":1,\"99999999999\":2}", "{\"a\":0,\"18446744073709551617\":1,\"99999999999\":2}")]
    [TestCase("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}")]
    [TestCase("{\"a\":{\"x\":1},\"a\":[],\"a\":\"end\"}", "{\"a\":\"end\"}")]
    [TestCase("{\"b\":0,\"1\":1,\"0\":2,\"1\":3}", "{\"0\":2,\"1\":3,\"b\":0}")]
    [TestCase("{\"\\u0061\":1,\"a\":2}", "{\"a\":2}")]
    [TestCase("{\"a\":0,\"\\u0031\":1}", "{\"1\":1,\"a\":0}")]
    [TestCase("{\"\\ud800\":1,\"\\uD800\":2}", "{\"\\ud800\":2}")]
    [TestCase("{\"a\":0,\"__proto__\":{\"b\":1},\"__proto__\":2}", "{\"a\":0,\"__proto__\":2}")]
    [TestCase("{\"a\":{\"b\":[{\"c\":1,\"c\":2,\"0\":3}]},\"0\":{\"z\":1,\"9\":2}}", "{\"0\":{\"9\":2,\"z\":1},\"a\":{\"b\":[{\"0\":3,\"c\":2}]}}")]
    [TestCase("{ \"a\" : 1 , \"a\" : 2 , \"0\" : [ 1.0 ] }", "{\"0\":[1],\"a\":2}")]
    [TestCase("[{\"a\":1,\"a\":2},{\"a\":3}]", "[{\"a\":2},{\"a\":3}]")]
    public void Members_are_ordered_as_in_ECMAScript(string text, string canonical) => Assert.That(Json.Canonical(text), Is.EqualTo(canonical));

    [Test]
    public void Objects_with_any_number_of_members_keep_one_member_per_key([Values(2, 15, 16, 17, 33, 1_000, 20_000)] int count)
    {
        var keys = Enumerable.Range(0, count).Select(number => $"key{number * 7919 % count}").ToList();
        var text = "{" + string.Join(',', keys.Concat(keys.Take(count / 2)).Select((key, i) => $"\"{key}\":{i}")) + "}";
        var expected = "{" + string.Join(',', keys.Select((key, i) => $"\"{key}\":{(i < count / 2 ? count + i : i)}")) + "}";

        Assert.That(Json.Canonical(text), Is.EqualTo(expected));
        Assert.That(Json.Canonical(expected), Is.EqualTo(expected));
    }

    [Test]
    public void Numeric_keys_come_first_in_ascending_order()
    {
        var text = "{\"z\":0," + string.Join(',', Enumerable.Range(0, 5_000).Reverse().Select(number => $"\"{number}\":{number}")) + "}";
        var expected = "{" + string.Join(',', Enumerable.Range(0, 5_000).Select(number => $"\"{number}\":{number}")) + ",\"z\":0}";
        Assert.That(Json.Canonical(text), Is.EqualTo(expected));
    }

    [Test]
    public void Depth_is_counted_in_levels_of_objects_and_arrays()
    {
        Assert.That(Json.Canonical(Json.Nested(64)), Is.EqualTo(Json.Nested(64)));
        Assert.That(Json.Canonical(Json.Nested(65)), Is.EqualTo("<TooDeep>"));
        Assert.That(Json.Canonical("1", maxDepth: 0), Is.EqualTo("1"));
        Assert.That(Json.Canonical("[]", maxDepth: 0), Is.EqualTo("<TooDeep>"));
        Assert.That(Json.Canonical($"[{Json.Nested(63)},{Json.Nested(63)},{{}}]"), Is.Not.EqualTo("<TooDeep>"));
        Assert.That(Json.Canonical(new string('[', 10_000)), Is.EqualTo("<TooDeep>"));
        Assert.That(Json.Canonical(string.Concat(Enumerable.Repeat("{\"a\":", 10_000))), Is.EqualTo("<TooDeep>"));
        Assert.That(Json.Canonical(Json.Nested(200_000), maxDepth: int.MaxValue), Is.EqualTo(Json.Nested(200_000)));
    }

    [Test]
    public void Reordering_at_every_level_preserves_nested_values()
    {
        var text = "1";
        var expected = "1";
        for (var level = 0; level < 60; level++)
        {
            text = $"{{\"b\":0,\"0\":{text},\"b\":{level}}}";
            expected = $"{{\"0\":{expected},\"b\":{level}}}";
        }

        Assert.That(Json.Canonical(text), Is.EqualTo(expected));
    }

    [Test]
    public void Text_longer_than_64_MiB_is_too_large() =>
        Assert.That(Json.Canonical(new byte[CanonicalJson.MaxTextBytes + 1]), Is.EqualTo("<TooLarge>"));

    /// <summary>
    /// The reader of the base class library has the same grammar, but cannot write the canonical form.
    /// </summary>
    [Test]
    public void Damaged_texts_are_accepted_if_and_only_if_the_base_class_library_accepts_them()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new RandomJson(new Random(seed));
        for (var round = 0; round < 5_000; round++)
        {
            var text = Json.Utf8(random.NextDamaged());
            Assert.That(
                Json.Canonical(text, 1_000) != "<Malformed>", Is.EqualTo(IsJson(text)), () => $"seed {seed}: {Encoding.UTF8.GetString(text)}");
        }
    }

    [Test]
    public void Random_bytes_cause_no_exception()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var alphabet = "{}[]\",:\\u0019dD8eE+-. \ntrufalsn\u00e9"u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var text = random.GetItems(alphabet, random.Next(1, 40));
            using var canonical = CanonicalJson.Create(text, 8);
            if (canonical.Reason is RejectionReason.None)
                Assert.That(Json.Canonical(canonical.Bytes), Is.EqualTo(Encoding.UTF8.GetString(canonical.Bytes)));
        }
    }

    [Test]
    public void Every_power_of_two_is_written_and_read_without_loss()
    {
        for (var exponent = -1074; exponent < 1024; exponent++)
        {
            var value = Math.ScaleB(1.0, exponent);
            var text = Json.Canonical(value.ToString("E20", CultureInfo.InvariantCulture));
            Assert.That(double.Parse(text, CultureInfo.InvariantCulture), Is.EqualTo(value));
            Assert.That(Json.Canonical(text), Is.EqualTo(text));
        }
    }

    private static bool IsJson(byte[] text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 1_000 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
