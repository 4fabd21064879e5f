using System.Numerics;
using System.Text;
using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>
/// Batches whose points meet: equal ones, opposite ones, the base point and those of small order fall into one bucket
/// and cancel there, and errors come in pairs.
/// </summary>
[TestFixtureSource(typeof(VectorPaths), nameof(VectorPaths.All))]
internal sealed class AdversarialBatchTests(VectorPath path)
{
    private static readonly BigInteger A = SignatureCase.Secret;
    private static readonly int[] Sizes = [4, 5, 17, 127, 128, 256];

    /// <summary>
    /// Logarithms of keys and of R that meet, each with what of small order is added to key and to R.
    /// </summary>
    private static IEnumerable<Meeting> Meetings =>
    [
        new("R is the key", A, A),
        new("R is the opposite of the key", A, L - A),
        new("R is the identity", A, 0),
        new("R is of order 2", A, 0, TorsionOfR: 4),
        new("R is of order 4", A, 0, TorsionOfR: 2),
        new("R is of order 8", A, 0, TorsionOfR: 3),
        new("key and R are the base point", 1, 1),
        new("key is the base point and R its opposite", 1, L - 1),
        new("key is the opposite of the base point", L - 1, SignatureCase.Nonce),
        new("key has a part of order 8 and R is its opposite", A, L - A, TorsionOfKey: 1, TorsionOfR: 7),
        new("key has a part of order 2 and R is of order 2", A, 0, TorsionOfKey: 4, TorsionOfR: 4),
        new("key and R have parts that add up", A, A, TorsionOfKey: 3, TorsionOfR: 3),
    ];

    [TestCaseSource(nameof(Meetings))]
    public void Points_that_meet_are_added_like_any(Meeting meeting)
    {
        var good = meeting.Sign("one");
        SignatureCase[] both = [good, meeting.Opposite.Sign("other"), WithS(good, Number(good.Signature.AsSpan(32)) + 1)];
        AssertVerdictsOfTheReference(both);
        foreach (var size in Sizes)
        {
            Assert.That(Enumerable.Repeat(good, size).ToArray().AreValidOn(path), Is.All.True, $"{size} times the same");
            Assert.That(Take(size, both[..2]).AreValidOn(path), Is.All.True, $"{size} with opposite points");
            Assert.That(Take(size, both).AreValidOn(path), Is.EqualTo(Enumerable.Range(0, size).Select(i => i % 3 != 2)), $"{size}, one of three bad");
            Assert.That(Enumerable.Repeat(both[2], size).ToArray().AreValidOn(path), Is.All.False, $"{size} times the same bad one");
        }
    }

    [Test]
    public void All_points_that_meet_stand_in_one_batch()
    {
        var signatures = Meetings.SelectMany(meeting => (SignatureCase[])[meeting.Sign("a"), meeting.Opposite.Sign("a"), meeting.Sign("b")]).ToArray();
        AssertVerdictsOfTheReference([.. signatures, .. signatures.Select((signature, i) => i % 5 == 0 ? WithS(signature, i) : signature)]);
    }

    [Test]
    public void S_at_the_ends_is_verified_like_any_other()
    {
        var honest = new Meeting("", A, SignatureCase.Nonce).Sign("ends");
        BigInteger[] ends = [0, 1, (L - 1) / 2, BigInteger.One << 251, L - 2, L - 1];
        var signatures = ends.Select(s => WithS(honest, s)).ToArray();
        AssertVerdictsOfTheReference([.. signatures, honest, .. signatures, honest]);
        AssertVerdictsOfTheReference([.. Take(128, [honest]), .. signatures, .. Take(122, [honest])]);
    }

    [Test]
    public void Errors_that_cancel_in_pairs_are_all_refused([Values(2, 8, 64, 128)] int pairs)
    {
        var honest = new Meeting("", A, SignatureCase.Nonce).Sign("pairs");
        var s = Number(honest.Signature.AsSpan(32));
        var bad = Enumerable.Range(1, pairs).SelectMany(error => (SignatureCase[])[WithS(honest, s + error), WithS(honest, s - error)]).ToArray();
        Assert.That(bad.AreValidOn(path), Is.All.False);

        // Half good, which keeps a batch being halved.
        var mixed = bad.SelectMany(signature => (SignatureCase[])[honest, signature]).ToArray();
        Assert.That(mixed.AreValidOn(path), Is.EqualTo(Enumerable.Range(0, 4 * pairs).Select(i => i % 2 == 0)));
    }

    private void AssertVerdictsOfTheReference(SignatureCase[] signatures)
    {
        var expected = signatures.Select(signature => signature.IsValidByReference).ToArray();
        Assert.That(signatures.Select(signature => signature.IsValidOn(path)), Is.EqualTo(expected), "one by one");
        Assert.That(signatures.AreValidOn(path), Is.EqualTo(expected), "in a batch");
    }

    private static SignatureCase[] Take(int count, SignatureCase[] signatures) => [.. Enumerable.Range(0, count).Select(i => signatures[i % signatures.Length])];

    private static SignatureCase WithS(SignatureCase signature, BigInteger s) =>
        signature with { Signature = [.. signature.Signature[..32], .. Bytes(ModuloL(s))] };

    public sealed record Meeting(string Name, BigInteger Key, BigInteger R, int TorsionOfKey = 0, int TorsionOfR = 0)
    {
        internal Meeting Opposite => new(Name, ModuloL(-Key), ModuloL(-R), (8 - TorsionOfKey) % 8, (8 - TorsionOfR) % 8);

        internal SignatureCase Sign(string message) =>
            SignatureCase.Sign(Key, Encoded(Key, TorsionOfKey), R, Encoded(R, TorsionOfR), Encoding.UTF8.GetBytes(message));

        public override string ToString() => Name;

        private static byte[] Encoded(BigInteger logarithm, int torsion) => Encode(Add(MultiplyB(logarithm), SmallOrderPoints[torsion]));
    }
}
