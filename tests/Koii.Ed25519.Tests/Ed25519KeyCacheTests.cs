using Koii.Ed25519.Curve;
using Koii.Ed25519.Curve.Vectors;

namespace Koii.Ed25519.Tests;

/// <summary>What is remembered of keys, alone and among many threads.</summary>
[TestFixture]
internal sealed class Ed25519KeyCacheTests
{
    [Test]
    public void Key_that_was_never_seen_is_a_miss()
    {
        var cache = new Ed25519KeyCache();
        Assert.That(IsCached(cache, new byte[PointEncoding.Size]), Is.False, "zeros");
        cache.Set(Key(1), PointOf(Key(1)));
        Assert.That(IsCached(cache, Key(2)), Is.False);
    }

    [Test]
    public void Miss_leaves_the_point_untouched()
    {
        ulong[] point = [.. Enumerable.Repeat(7UL, AffinePoint.Words)];
        Assert.That(new Ed25519KeyCache().TryGet(Key(1), point), Is.False);
        Assert.That(point, Is.All.EqualTo(7UL));
    }

    [Test]
    public void Remembered_point_is_given_back_and_that_of_all_zeros_too()
    {
        var cache = new Ed25519KeyCache();
        foreach (var key in (byte[][])[new byte[PointEncoding.Size], Key(1), [.. Enumerable.Repeat(byte.MaxValue, PointEncoding.Size)]])
        {
            cache.Set(key, PointOf(key));
            Assert.That(IsCached(cache, key), Is.True);
        }
    }

    [Test]
    public void Same_key_again_gets_its_new_point()
    {
        var (cache, key) = (new Ed25519KeyCache(), Key(1));
        cache.Set(key, PointOf(Key(2)));
        cache.Set(key, PointOf(key));
        Assert.That(IsCached(cache, key), Is.True);
    }

    [Test]
    public void New_key_replaces_the_key_in_its_slot_and_no_other()
    {
        var cache = new Ed25519KeyCache();
        var first = Key(0);
        cache.Set(first, PointOf(first));
        for (var seed = 1; seed < 100 * Ed25519KeyCache.Capacity; seed++)
        {
            var newKey = Key(seed);
            cache.Set(newKey, PointOf(newKey));
            Assert.That(IsCached(cache, newKey), Is.True, $"key {seed}");
            if (!IsCached(cache, first))
            {
                cache.Set(first, PointOf(first));
                Assert.That(IsCached(cache, newKey), Is.False, $"key {seed}");
                return;
            }
        }

        Assert.Fail("No key met the first.");
    }

    [Test]
    public void Capacity_is_used_almost_fully_before_many_keys_are_replaced()
    {
        var cache = new Ed25519KeyCache();
        var keys = Enumerable.Range(0, 20 * Ed25519KeyCache.Capacity).Select(Key).ToArray();
        foreach (var key in keys)
            cache.Set(key, PointOf(key));

        // All but e^-20 of the slots are taken by then.
        Assert.That(keys.Count(key => IsCached(cache, key)), Is.EqualTo(Ed25519KeyCache.Capacity));
    }

    [Test]
    public void Threads_that_use_one_slot_never_get_the_point_of_another_key()
    {
        // The beginning of a key names its slot.
        var cache = new Ed25519KeyCache();
        var keys = Enumerable.Range(0, 4).Select(last => (byte[])[.. Key(5)[..^1], (byte)last]).ToArray();
        var (hits, wrong) = (0, 0);
        var threads = Enumerable.Range(0, 4).Select(thread => new Thread(() => Meet(thread))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        Assert.That(wrong, Is.Zero);
        Assert.That(hits, Is.Positive);

        void Meet(int thread)
        {
            var random = new Random(thread);
            var points = keys.Select(PointOf).ToArray();
            var point = new ulong[AffinePoint.Words];
            for (var round = 0; round < 100_000; round++)
            {
                var key = random.Next(keys.Length);
                if (round % 2 == 0)
                {
                    cache.Set(keys[key], points[key]);
                }
                else if (cache.TryGet(keys[key], point))
                {
                    Interlocked.Increment(ref hits);
                    if (!point.AsSpan().SequenceEqual(points[key]))
                        Interlocked.Increment(ref wrong);
                }
            }
        }
    }

    private static bool IsCached(Ed25519KeyCache cache, byte[] key)
    {
        var point = new ulong[AffinePoint.Words];
        if (!cache.TryGet(key, point))
            return false;
        Assert.That(point, Is.EqualTo(PointOf(key)), "another's point");
        return true;
    }

    private static byte[] Key(int seed)
    {
        var key = new byte[PointEncoding.Size];
        new Random(seed).NextBytes(key);
        return key;
    }

    /// <summary>No point of the curve, but words that no other key has, each one of them.</summary>
    private static ulong[] PointOf(byte[] key)
    {
        var random = new Random(BitConverter.ToInt32(key, PointEncoding.Size - sizeof(int)));
        return [.. Enumerable.Range(0, AffinePoint.Words).Select(_ => (ulong)random.NextInt64())];
    }
}
