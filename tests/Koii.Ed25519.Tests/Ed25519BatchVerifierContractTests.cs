namespace Koii.Ed25519.Tests;

/// <summary>The public members of the batch verifier, on the fastest path of the machine.</summary>
[TestFixture]
internal sealed class Ed25519BatchVerifierContractTests
{
    private static readonly SignatureCase[] Honest = [.. Enumerable.Range(0, 40).Select(seed => SignatureKind.Honest(new Random(seed)))];

    [Test]
    public void Verify_empties_the_batch_for_the_next_one()
    {
        using var verifier = new Ed25519BatchVerifier(Honest.Length);
        var valid = new bool[Honest.Length];
        for (var round = 0; round < 3; round++)
        {
            // A group with many invalid signatures is treated differently; it must not affect the next batch.
            var invalid = round == 1 ? 3 : 1;
            AddAll(verifier, i => i % 4 < invalid);
            Assert.That(verifier.Count, Is.EqualTo(Honest.Length));
            verifier.Verify(valid);
            Assert.That(verifier.Count, Is.Zero);
            Assert.That(valid, Is.EqualTo(Honest.Select((_, i) => i % 4 >= invalid)), $"round {round}");
        }
    }

    [Test]
    public void Elements_beyond_the_batch_remain_as_they_are()
    {
        using var verifier = new Ed25519BatchVerifier(4);
        verifier.Add(Honest[0].Key, Honest[1].Message, Honest[0].Signature);
        bool[] valid = [true, true, false];
        verifier.Verify(valid);
        Assert.That(valid, Is.EqualTo(new[] { false, true, false }));
    }

    [Test]
    public void Too_few_elements_are_an_error_that_leaves_the_batch_as_it_is()
    {
        using var verifier = new Ed25519BatchVerifier();
        AddAll(verifier, _ => false);
        Assert.That(
            () => verifier.Verify(new bool[Honest.Length - 1]),
            Throws.ArgumentException.With.Message.Contains($"{Honest.Length} signatures").And.Message.Contains($"{Honest.Length - 1} elements"));

        var valid = new bool[Honest.Length];
        verifier.Verify(valid);
        Assert.That(valid, Is.All.True);
    }

    [Test]
    public void Empty_batch_is_verified_without_effect()
    {
        using var verifier = new Ed25519BatchVerifier(1);
        Assert.That(() => verifier.Verify([]), Throws.Nothing);
    }

    [Test]
    public void Signature_beyond_the_capacity_is_an_error_that_leaves_the_batch_as_it_is()
    {
        using var verifier = new Ed25519BatchVerifier(2);
        Add(verifier, Honest[0]);
        Add(verifier, Honest[1]);
        Assert.That(() => Add(verifier, Honest[2]), Throws.InvalidOperationException.With.Message.Contains("full with 2"));

        var valid = new bool[2];
        verifier.Verify(valid);
        Assert.That(valid, Is.All.True);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(Ed25519BatchVerifier.MaxCapacity + 1)]
    public void Capacity_out_of_range_is_an_error(int capacity)
    {
        Assert.That(() => new Ed25519BatchVerifier(capacity), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Ed25519BatchVerifier(capacity, new Ed25519KeyCache()), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Missing_cache_is_an_error() => Assert.That(() => new Ed25519BatchVerifier(1, null!), Throws.ArgumentNullException);

    [Test]
    public void Full_capacity_is_verified()
    {
        using var verifier = new Ed25519BatchVerifier();
        Assert.That(verifier.Capacity, Is.EqualTo(Ed25519BatchVerifier.MaxCapacity));
        for (var i = 0; i < verifier.Capacity; i++)
            Add(verifier, i == 700 ? Honest[0].WithFlippedMessageBit(0) : Honest[i % Honest.Length]);

        var valid = new bool[verifier.Capacity];
        verifier.Verify(valid);
        Assert.That(valid, Is.EqualTo(Enumerable.Range(0, verifier.Capacity).Select(i => i != 700)));
    }

    [Test]
    public void Disposed_verifier_throws_and_may_be_disposed_again()
    {
        var verifier = new Ed25519BatchVerifier(1);
        verifier.Dispose();
        verifier.Dispose();
        Assert.That(() => Add(verifier, Honest[0]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => verifier.Verify(new bool[1]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Verifiers_on_several_threads_share_a_cache()
    {
        var keys = new Ed25519KeyCache();
        var results = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8).Select(thread =>
        {
            using var verifier = new Ed25519BatchVerifier(Honest.Length, keys);
            var valid = new bool[Honest.Length];
            for (var round = 0; round < 20; round++)
            {
                AddAll(verifier, i => i == thread);
                verifier.Verify(valid);
                if (!valid.SequenceEqual(Honest.Select((_, i) => i != thread)))
                    return false;
            }

            return true;
        });
        Assert.That(results, Is.All.True);
    }

    [Test]
    public void Keys_of_a_batch_are_cached_if_they_are_valid_points()
    {
        var keys = new Ed25519KeyCache();
        using var verifier = new Ed25519BatchVerifier(4, keys);
        byte[] notAPoint = [.. ReferenceEd25519.Bytes(2)];
        Add(verifier, Honest[0]);
        Add(verifier, Honest[0] with { Key = notAPoint });
        verifier.Verify(new bool[2]);

        var point = new ulong[Koii.Ed25519.Curve.Vectors.AffinePoint.Words];
        Assert.That(keys.TryGet(Honest[0].Key, point), Is.True);
        Assert.That(keys.TryGet(notAPoint, point), Is.False);
    }

    private static void Add(Ed25519BatchVerifier verifier, SignatureCase signature) => verifier.Add(signature.Key, signature.Message, signature.Signature);

    private static void AddAll(Ed25519BatchVerifier verifier, Func<int, bool> isSpoiled)
    {
        for (var i = 0; i < Honest.Length; i++)
            Add(verifier, isSpoiled(i) ? Honest[i].WithFlippedMessageBit(0) : Honest[i]);
    }
}
