using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.Tests.Records.Json;

namespace Koii.DbSharing.Tests.Records;

public sealed class SignedLinktreeTests
{
    [TestCase("")]
    [TestCase("[]")]
    [TestCase("\"{}\"")]
    [TestCase("1")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("{\"uuid\":\"u\"}")]
    [TestCase("{\"timestamp\":1}")]
    [TestCase("{\"uuid\":\"u\",\"timestamp\":1")]
    [TestCase("{\"data\":{\"uuid\":\"u\",\"timestamp\":1}}")]
    [TestCase("[{\"uuid\":\"u\",\"timestamp\":1}]")]
    public void Data_that_is_not_an_object_with_uuid_and_timestamp_is_malformed(string data) => Assert.That(Create(data), Is.EqualTo("<Malformed>"));

    [TestCase("1")]
    [TestCase("null")]
    [TestCase("[\"u\"]")]
    [TestCase("\"\"")]
    [TestCase("\"\\u0000\"")]
    [TestCase("\"a\\u0000b\"")]
    [TestCase("\"\\ud83d\"")]
    [TestCase("\"\\ude80\"")]
    [TestCase("\"\\ude80\\ud83d\"")]
    [TestCase("\"a\\uD83D\\uD83D\\uDE80\"")]
    public void Uuid_that_is_empty_or_not_valid_text_is_malformed(string uuid) =>
        Assert.That(Create($$"""{"uuid":{{uuid}},"timestamp":1}"""), Is.EqualTo("<Malformed>"));

    [TestCase("\"x\"", "x")]
    [TestCase("\"\\u0001\\n\\\"\\\\\\/\\u007f\"", "\u0001\n\"\\/\u007f")]
    [TestCase("\"\\uD83D\\uDE80é\\u65e5\"", "🚀é日")]
    [TestCase("\"\\\\u0000\\\\ud83d\"", "\\u0000\\ud83d")]
    [TestCase("\"not an RFC 4122 uuid\"", "not an RFC 4122 uuid")]
    [TestCase("\"\\b\\f\\r\\tend\"", "\b\f\r\tend")]
    public void Uuid_may_be_any_other_text(string uuid, string expected)
    {
        Assert.That(SignedLinktree.TryCreate(Author(1), Signature, Utf8($$"""{"uuid":{{uuid}},"timestamp":1}"""), out var linktree, out _), Is.True);
        Assert.That(linktree!.Uuid, Is.EqualTo(expected));
    }

    [TestCase("a")]
    [TestCase("é")]
    [TestCase("日")]
    [TestCase("\\u0001")]
    public void Uuid_has_at_most_128_code_units(string unit)
    {
        Assert.That(Create(Data(uuid: string.Concat(Enumerable.Repeat(unit, 128)))), Does.StartWith("{"));
        Assert.That(Create(Data(uuid: string.Concat(Enumerable.Repeat(unit, 129)))), Is.EqualTo("<Malformed>"));
    }

    [Test]
    public void Surrogate_pair_counts_as_two_code_units()
    {
        Assert.That(Create(Data(uuid: string.Concat(Enumerable.Repeat("🚀", 64)))), Does.StartWith("{"));
        Assert.That(Create(Data(uuid: string.Concat(Enumerable.Repeat("🚀", 64)) + "a")), Is.EqualTo("<Malformed>"));
    }

    [TestCase("0", 0)]
    [TestCase("-0", 0)]
    [TestCase("1703802587522", 1703802587522)]
    [TestCase("1.7e12", 1700000000000)]
    [TestCase("1703802587522.0", 1703802587522)]
    [TestCase("17038025875220e-1", 1703802587522)]
    [TestCase("9007199254740991", 9007199254740991)]
    [TestCase("9007199254740991.4", 9007199254740991)]
    public void Timestamp_is_an_integer_in_any_notation(string timestamp, long expected)
    {
        Assert.That(SignedLinktree.TryCreate(Author(1), Signature, Utf8(Data(timestamp: timestamp)), out var linktree, out _), Is.True);
        Assert.That(linktree!.Timestamp, Is.EqualTo(expected));
    }

    [TestCase("9007199254740992")]
    [TestCase("9007199254740993")]
    [TestCase("9007199254740991.5")]
    [TestCase("1e16")]
    [TestCase("99999999999999999999")]
    [TestCase("1e21")]
    [TestCase("1e400")]
    [TestCase("-1")]
    [TestCase("-1e-7")]
    [TestCase("0.5")]
    [TestCase("1703802587522.5")]
    [TestCase("1e-7")]
    [TestCase("\"1703802587522\"")]
    [TestCase("null")]
    [TestCase("true")]
    [TestCase("[1]")]
    [TestCase("{}")]
    public void Any_other_timestamp_is_malformed(string timestamp) => Assert.That(Create(Data(timestamp: timestamp)), Is.EqualTo("<Malformed>"));

    [TestCase("", null, false)]
    [TestCase("\"taskId\":\"T\"", "T", false)]
    [TestCase("\"taskId\":\"\"", "", false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":true", "T", true)]
    [TestCase("\"deleted\":true,\"taskId\":\"T\"", "T", true)]
    [TestCase("\"deleted\":true", null, false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":false", "T", false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":1", "T", false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":\"true\"", "T", false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":[true]", "T", false)]
    [TestCase("\"taskId\":\"T\",\"deleted\":true,\"deleted\":false", "T", false)]
    [TestCase("\"taskId\":5,\"t\\u0061skId\":\"T\",\"d\\u0065leted\":true", "T", true)]
    [TestCase("\"nested\":{\"taskId\":\"T\",\"deleted\":true}", null, false)]
    public void Record_is_a_tombstone_if_it_is_deleted_and_names_a_task(string members, string? taskId, bool tombstone)
    {
        Assert.That(SignedLinktree.TryCreate(Author(1), Signature, Utf8(Data(members)), out var linktree, out _), Is.True);
        Assert.That(linktree!.TaskId, Is.EqualTo(taskId));
        Assert.That(linktree.IsTombstone, Is.EqualTo(tombstone));
    }

    [TestCase("null")]
    [TestCase("1")]
    [TestCase("[\"T\"]")]
    [TestCase("{}")]
    public void Task_that_is_not_a_string_is_malformed(string taskId) => Assert.That(Create(Data($"\"taskId\":{taskId}")), Is.EqualTo("<Malformed>"));

    [Test]
    public void Last_value_of_a_repeated_member_counts()
    {
        Assert.That(Create("""{"uuid":5,"timestamp":"x","uuid":"u","timestamp":1}"""), Is.EqualTo("""{"uuid":"u","timestamp":1}"""));
        Assert.That(Create("""{"uuid":"u","timestamp":1,"uuid":5}"""), Is.EqualTo("<Malformed>"));
    }

    [Test]
    public void Data_may_have_64_levels()
    {
        var deepest = Data($"\"d\":{Nested(63)}");
        Assert.That(Create(deepest), Is.EqualTo(deepest));
        Assert.That(Create(Data($"\"d\":{Nested(64)}")), Is.EqualTo("<TooDeep>"));
        Assert.That(Create(Data($"\"d\":{Nested(10_000)}")), Is.EqualTo("<TooDeep>"));
        Assert.That(Create(new string('[', 10_000)), Is.EqualTo("<TooDeep>"));
    }

    [Test]
    public void Depth_of_the_canonical_form_counts() =>
        Assert.That(Create(Data($"\"d\":{Nested(80)},\"d\":1")), Is.EqualTo(Data("\"d\":1")));

    [Test]
    public void Brackets_in_strings_do_not_count_as_levels()
    {
        var data = Data($"\"d\":{Nested(63)},\"s\":\"{new string('[', 100)}\\\"{new string('{', 100)}\\\\\"");
        Assert.That(Create(data), Is.EqualTo(data));
    }

    [Test]
    public void Data_may_have_65536_canonical_bytes()
    {
        var remaining = SignedLinktree.MaxDataBytes - Data("\"s\":\"\"").Length;
        var largest = Data($"\"s\":\"{new string('x', remaining)}\"");
        Assert.That(Create(largest), Is.EqualTo(largest));
        Assert.That(Create($" {largest.Replace("x", "\\u0078", StringComparison.Ordinal)} "), Is.EqualTo(largest));
        Assert.That(Create(Data($"\"s\":\"{new string('x', remaining + 1)}\"")), Is.EqualTo("<TooLarge>"));
        Assert.That(Create(Data($"\"s\":\"{new string('x', remaining - 1)}é\"")), Is.EqualTo("<TooLarge>"));
    }

    [Test]
    public void Number_of_300_kB_is_accepted() =>
        Assert.That(Create(Data($"\"n\":{new string('9', 300_000)}")), Is.EqualTo(Data("\"n\":null")));

    [Test]
    public void Data_is_copied()
    {
        var text = Utf8(Data());
        SignedLinktree.TryCreate(Author(1), Signature, text, out var linktree, out _);
        text.AsSpan().Clear();
        Assert.That(linktree!.Data.ToArray(), Is.EqualTo(Utf8(Data())));
    }

    [Test]
    public void Saved_record_is_restored_with_all_properties()
    {
        foreach (var linktree in new[] { TestSupport.Samples.Linktree(), Make(Data("\"taskId\":\"t\",\"deleted\":true", uuid: "é")) })
        {
            var saved = linktree.Data.ToArray();
            Assert.That(SignedLinktree.TryRestore(linktree.Author, linktree.Signature, saved, linktree.Id, out var restored), Is.True);
            saved.AsSpan().Clear();
            Assert.That(restored, Is.EqualTo(linktree));
            Assert.That(
                (restored!.Key, restored.Version, restored.TaskId, restored.IsTombstone),
                Is.EqualTo((linktree.Key, linktree.Version, linktree.TaskId, linktree.IsTombstone)));
        }
    }

    [Test]
    public void Changed_parts_are_not_restored()
    {
        var linktree = TestSupport.Samples.Linktree();
        for (var i = 0; i < linktree.Data.Length; i++)
        {
            var saved = linktree.Data.ToArray();
            saved[i] ^= 1;
            Assert.That(SignedLinktree.TryRestore(linktree.Author, linktree.Signature, saved, linktree.Id, out var restored), Is.False);
            Assert.That(restored, Is.Null);
        }

        Assert.That(SignedLinktree.TryRestore(linktree.Author, linktree.Signature, [], linktree.Id, out _), Is.False);
        Assert.That(SignedLinktree.TryRestore(Author(9), linktree.Signature, linktree.Data.Span, linktree.Id, out _), Is.False);
        Assert.That(SignedLinktree.TryRestore(linktree.Author, linktree.Signature, linktree.Data.Span, default, out _), Is.False);
    }

    [Test]
    public void Records_are_equal_by_author_signature_and_data()
    {
        var linktree = TestSupport.Samples.Linktree();
        Assert.That(TestSupport.Samples.Linktree(), Is.EqualTo(linktree));
        Assert.That(TestSupport.Samples.Linktree().GetHashCode(), Is.EqualTo(linktree.GetHashCode()));
        Assert.That(TestSupport.Samples.Linktree(author: 2), Is.Not.EqualTo(linktree));
        Assert.That(TestSupport.Samples.Linktree(name: "m"), Is.Not.EqualTo(linktree));
        Assert.That(SignedLinktree.TryCreate(linktree.Author, Signature, linktree.Data.Span, out var signedOtherwise, out _), Is.True);
        Assert.That(signedOtherwise, Is.Not.EqualTo(linktree));
        Assert.That(signedOtherwise!.Id, Is.EqualTo(linktree.Id));
        Assert.That(linktree.Equals(null), Is.False);
    }

    private static SignedLinktree Make(string data) =>
        SignedLinktree.TryCreate(Author(1), Signature, Utf8(data), out var linktree, out _) ? linktree : throw new ArgumentException(data);
}
