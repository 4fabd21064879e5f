using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

public sealed class ValueTypeTests
{
    [Test]
    public void Version_is_newer_by_timestamp_and_then_by_id()
    {
        var low = Version(5, 0x01);
        Assert.That(Version(6, 0x00), Is.GreaterThan(low));
        Assert.That(Version(5, 0x02), Is.GreaterThan(low));
        Assert.That(Version(5, 0x80), Is.GreaterThan(Version(5, 0x7F)), "bytes are compared as unsigned numbers");
        Assert.That(Version(5, 0x01).CompareTo(low), Is.Zero);
        Assert.That(low < Version(5, 0x02) && low <= Version(5, 0x01) && Version(6, 0x00) > low && low >= Version(5, 0x01), Is.True);
        Assert.That(low > Version(5, 0x02) || low < Version(5, 0x01) || Version(6, 0x00) <= low || low >= Version(6, 0x01), Is.False);
    }

    [Test]
    public void Id_is_compared_from_its_first_byte()
    {
        var bytes = new byte[LinktreeId.Size];
        bytes[0] = 1;
        var first = new LinktreeId(bytes);
        bytes[0] = 0;
        bytes[^1] = 0xFF;
        var last = new LinktreeId(bytes);
        Assert.That(first, Is.GreaterThan(last));
        Assert.That(first > last && last < first && first >= last && last <= first && first != last, Is.True);
        Assert.That(first == last, Is.False);
    }

    [Test]
    public void Order_of_versions_is_total() =>
        Prop.ForAll(Versions.Three().ToArbitrary(), versions =>
        {
            var (a, b, c) = versions;
            var antisymmetric = Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a));
            var consistent = (a.CompareTo(b) == 0) == (a == b);
            var transitive = a.CompareTo(b) > 0 || b.CompareTo(c) > 0 || a.CompareTo(c) <= 0;
            return antisymmetric && consistent && transitive;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Records_with_equal_timestamps_are_ordered_by_id()
    {
        var vectors = LinktreeVector.All.Where(vector => vector.Name.StartsWith("same-time", StringComparison.Ordinal)).ToList();
        Assert.That(vectors, Has.Count.EqualTo(2));
        Assert.That(vectors[0].Timestamp, Is.EqualTo(vectors[1].Timestamp));
        var versions = vectors.ConvertAll(vector => new LinktreeVersion(vector.Timestamp, new LinktreeId(Convert.FromHexString(vector.RecordId))));
        Assert.That(
            Math.Sign(versions[0].CompareTo(versions[1])), Is.EqualTo(
                Math.Sign(string.CompareOrdinal(vectors[0].RecordId, vectors[1].RecordId))).And.Not.Zero);
    }

    [Test]
    public void Values_are_equal_by_content()
    {
        var author = Samples.Author(1);
        AssertEquality(author, Samples.Author(1), Samples.Author(2));
        Assert.That(author == Samples.Author(1) && author != Samples.Author(2), Is.True);

        AssertEquality(Json.Signature, new LinktreeSignature(Json.Signature.AsSpan()), default);
        Assert.That(Json.Signature == new LinktreeSignature(Json.Signature.AsSpan()) && Json.Signature != default, Is.True);
        Assert.That(new LinktreeSignature(new byte[64]), Is.EqualTo(default(LinktreeSignature)));

        AssertEquality(new LinktreeKey(author, "u"), new LinktreeKey(Samples.Author(1), "u"), new LinktreeKey(Samples.Author(2), "u"));
        AssertEquality(new LinktreeKey(author, "é"), new LinktreeKey(author, "\u00e9"), new LinktreeKey(author, "e\u0301"));
        AssertEquality(Version(1, 2).Id, Version(3, 2).Id, Version(1, 3).Id);
        AssertEquality(Version(1, 2), new LinktreeVersion(1, Version(9, 2).Id), Version(1, 3));
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    [TestCase(63)]
    [TestCase(65)]
    public void Constructors_throw_for_other_lengths(int length)
    {
        Assert.That(() => new PublicKey(new byte[length]), Throws.ArgumentException.With.Message.Contains("32"));
        Assert.That(() => new LinktreeId(new byte[length]), Throws.ArgumentException.With.Message.Contains("32"));
        Assert.That(() => new LinktreeSignature(new byte[length]), Throws.ArgumentException.With.Message.Contains("64"));
    }

    [Test]
    public void Record_id_depends_on_author_and_data()
    {
        var data = Json.Utf8(Json.Data());
        var id = LinktreeId.Compute(Samples.Author(1), data);
        Assert.That(LinktreeId.Compute(Samples.Author(1), (byte[])data.Clone()), Is.EqualTo(id));
        Assert.That(LinktreeId.Compute(Samples.Author(2), data), Is.Not.EqualTo(id));
        Assert.That(LinktreeId.Compute(Samples.Author(1), data.AsSpan(1)), Is.Not.EqualTo(id));
    }

    private static void AssertEquality<T>(T value, T same, T other)
        where T : struct, IEquatable<T>
    {
        Assert.That(value.Equals(same) && value.Equals((object)same) && value.GetHashCode() == same.GetHashCode(), Is.True);
        Assert.That(value.Equals(other) || value.Equals((object)other) || value.Equals(null), Is.False);
    }

    private static LinktreeVersion Version(long timestamp, byte id)
    {
        var bytes = new byte[LinktreeId.Size];
        bytes[0] = id;
        return new LinktreeVersion(timestamp, new LinktreeId(bytes));
    }

    private static class Versions
    {
        public static Gen<(LinktreeVersion A, LinktreeVersion B, LinktreeVersion C)> Three() =>
            from a in One()
            from b in One()
            from c in One()
            select (a, b, c);

        // Few values, so that equal timestamps and equal versions are common.
        private static Gen<LinktreeVersion> One() =>
            from timestamp in Gen.Choose(0, 3)
            from id in Gen.Choose(0, 3)
            select Version(timestamp, (byte)(id * 85));
    }
}
