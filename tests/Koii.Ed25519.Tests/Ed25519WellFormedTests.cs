using static Koii.Ed25519.Tests.ReferenceEd25519;

namespace Koii.Ed25519.Tests;

/// <summary>Clauses 1 and 2 of protocol §2 without the third, against the slow reference.</summary>
[TestFixture]
internal sealed class Ed25519WellFormedTests
{
    private const int CasesOfEachKind = 16;

    private static IEnumerable<TestCaseData> Kinds => SignatureKind.All.Select(kind => new TestCaseData(kind).SetArgDisplayNames(kind.Name));

    [TestCaseSource(nameof(Kinds))]
    public void Verdict_is_that_of_the_reference(SignatureKind kind)
    {
        const int seed = 20260102;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < CasesOfEachKind; i++)
        {
            var signature = kind.Make(random);
            Assert.That(IsWellFormed(signature), Is.EqualTo(IsWellFormedByReference(signature)), $"case {i}");
        }
    }

    [Test]
    public void Signature_of_another_message_is_well_formed_and_not_valid()
    {
        var other = SignatureKind.Honest(new Random(1)).WithFlippedMessageBit(0);

        Assert.That(IsWellFormed(other), Is.True);
        Assert.That(other.IsValid, Is.False);
    }

    [Test]
    public void Each_part_of_the_two_clauses_is_asked_for()
    {
        var honest = SignatureKind.Honest(new Random(2));
        var beyondP = Bytes(P + 1);

        Assert.Multiple(() =>
        {
            Assert.That(IsWellFormed(honest), Is.True);
            Assert.That(IsWellFormed(honest.WithOrderAddedToS()), Is.False, "S of L or more");
            Assert.That(IsWellFormed(honest with { Signature = [.. beyondP, .. honest.Signature[32..]] }), Is.False, "R not canonical");
            Assert.That(IsWellFormed(honest with { Key = beyondP }), Is.False, "key not canonical");
            Assert.That(IsWellFormed(honest with { Key = Encode(SmallOrderPoints[1]) }), Is.False, "key of small order");
            Assert.That(IsWellFormed(honest with { Signature = [.. Encode(SmallOrderPoints[1]), .. honest.Signature[32..]] }), Is.True, "R of small order");
        });
    }

    private static bool IsWellFormed(SignatureCase signature) =>
        Ed25519Verifier.IsWellFormed(signature.Key, signature.Signature);

    private static bool IsWellFormedByReference(SignatureCase signature) =>
        Number(signature.Signature.AsSpan(32)) < L
        && Decode(signature.Key) is { } a
        && !IsOfSmallOrder(a)
        && Decode(signature.Signature.AsSpan(0, 32)) is not null;
}
