namespace Koii.DbSharing.Concurrency;

/// <summary>Lets several threads draw from a random source that is not safe for them, such as a seeded <see cref="Random"/>.</summary>
internal sealed class SynchronizedRandom(Random inner) : Random
{
    private readonly Lock _lock = new();

    public override int Next()
    {
        lock (_lock)
            return inner.Next();
    }

    public override int Next(int maxValue)
    {
        lock (_lock)
            return inner.Next(maxValue);
    }

    public override int Next(int minValue, int maxValue)
    {
        lock (_lock)
            return inner.Next(minValue, maxValue);
    }

    public override double NextDouble()
    {
        lock (_lock)
            return inner.NextDouble();
    }
}
