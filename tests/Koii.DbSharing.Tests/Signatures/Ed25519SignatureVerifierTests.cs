using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Signatures;

[TestFixture]
internal sealed class Ed25519SignatureVerifierTests
{
    private const int LargestPage = 1100;

    private static readonly SignedLinktree[] Mixed = MakeMixed();
    private static readonly Dictionary<SignedLinktree, int> Numbers = Mixed.Select((linktree, number) => (linktree, number)).ToDictionary();
    private readonly Ed25519SignatureVerifier _verifier = new();

    [Test]
    public void Record_signed_by_its_author_is_valid() => Assert.That(_verifier.Verify(Mixed[0]), Is.True);

    [Test]
    public void Record_signed_by_another_author_is_not_valid()
    {
        Assert.That(SignedLinktree.TryCreate(Mixed[1].Author, Mixed[0].Signature, Mixed[0].Data.Span, out var stolen, out _), Is.True);
        Assert.That(_verifier.Verify(stolen!), Is.False);
    }

    [Test]
    public void Linktrees_of_the_protocol_are_valid()
    {
        SignedLinktree[] linktrees = [.. ProtocolVectors.Read().Select(ProtocolVectors.ToLinktree)];
        var results = new bool[linktrees.Length];
        _verifier.Verify(linktrees, results);

        Assert.That(linktrees, Is.Not.Empty);
        Assert.That(results, Is.All.True);
        Assert.That(linktrees.Select(_verifier.Verify), Is.All.True, "one by one");
    }

    private static IEnumerable<int> PageSizes => [.. Enumerable.Range(0, 70), 127, 128, 129, 257, 1023, 1024, 1025, LargestPage];

    [TestCaseSource(nameof(PageSizes))]
    public void Page_gets_the_results_of_its_records(int size)
    {
        var page = Mixed.AsSpan(0, size);
        var results = Enumerable.Repeat(true, size).ToArray();
        _verifier.Verify(page, results);

        Assert.That(results, Is.EqualTo(page.ToArray().Select(_verifier.Verify)));
        Assert.That(results, Is.EqualTo(page.ToArray().Select(IsHonest)));
    }

    [Test]
    public void Every_element_is_set_whatever_its_value_was()
    {
        var results = Enumerable.Repeat(false, LargestPage).ToArray();
        _verifier.Verify(Mixed, results);
        Assert.That(results, Is.EqualTo(Mixed.Select(IsHonest)));
    }

    [Test]
    public async Task Several_threads_may_use_one_verifier()
    {
        var pages = await Task.WhenAll(Enumerable.Range(0, 8).Select(offset => Task.Run(() =>
        {
            var page = Mixed[offset..];
            var results = new bool[page.Length];
            _verifier.Verify(page, results);
            return (Offset: offset, Results: results);
        })));

        foreach (var (offset, results) in pages)
            Assert.That(results, Is.EqualTo(Mixed[offset..].Select(IsHonest)), $"page from {offset}");
    }

    [TestCase(1, 0)]
    [TestCase(20, 21)]
    public void Different_numbers_of_records_and_results_are_an_error(int records, int results)
    {
        Assert.That(
            () => _verifier.Verify(Mixed.AsSpan(0, records), new bool[results]),
            Throws.ArgumentException.With.Message.Contains($"{records} records").And.Message.Contains($"{results} elements"));
    }

    [Test]
    public void Missing_record_is_an_error() => Assert.That(() => _verifier.Verify(null!), Throws.ArgumentNullException);

    [Test]
    public void Missing_record_of_a_page_is_an_error([Values(1, LargestPage)] int size)
    {
        var page = Mixed[..size];
        page[^1] = null!;
        Assert.That(() => _verifier.Verify(page, new bool[size]), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("linktrees"));
    }

    // Two of three are honest; the others were changed after signing.
    private static bool IsHonest(SignedLinktree linktree) => Numbers[linktree] % 3 != 2;

    private static SignedLinktree[] MakeMixed() => [.. Enumerable.Range(0, LargestPage).Select(i =>
    {
        var seed = new byte[32];
        BitConverter.TryWriteBytes(seed, i);
        using var signer = LinktreeSigner.FromSeed(seed);
        var signed = signer.Sign(Samples.DataJson($"uuid-{i}", 1_700_000_000_000 + i));
        if (i % 3 != 2)
            return signed;

        var signature = signed.Signature.AsSpan().ToArray();
        signature[i % 64] ^= 1;
        return SignedLinktree.TryCreate(signed.Author, new LinktreeSignature(signature), signed.Data.Span, out var spoilt, out var reason)
            ? spoilt
            : throw new InvalidOperationException($"{reason}");
    })];
}
