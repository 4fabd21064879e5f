namespace Koii.DbSharing.Tests.Signatures;

/// <summary>The library against the slow reference on seeded random signatures of every kind that the rule tells apart.</summary>
[TestFixture]
internal sealed class Ed25519DifferentialTests
{
    private const int CasesOfEachKind = 32;

    private static IEnumerable<TestCaseData> Kinds => SignatureKind.All.Select(kind => new TestCaseData(kind).SetArgDisplayNames(kind.Name));

    [TestCaseSource(nameof(Kinds))]
    public void Verdict_is_that_of_the_reference(SignatureKind kind)
    {
        const int seed = 20260101;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < CasesOfEachKind; i++)
        {
            var signature = kind.Make(random);
            Assert.That(signature.IsValidByReference, Is.EqualTo(kind.IsValid), $"reference, case {i}: {Describe(signature)}");
            Assert.That(signature.IsValid, Is.EqualTo(kind.IsValid), $"case {i}: {Describe(signature)}");
        }
    }

    private static string Describe(SignatureCase signature) =>
        $"key {Hex(signature.Key)}, message {Hex(signature.Message)}, signature {Hex(signature.Signature)}";

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
