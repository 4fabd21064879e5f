namespace Koii.DbSharing.Tests.Replication;

/// <summary>Returns the given values in order, then 0.5.</summary>
internal sealed class ScriptedRandom(params double[] values) : Random(0)
{
    private readonly Queue<double> _values = new(values);

    public override double NextDouble() => _values.TryDequeue(out var value) ? value : 0.5;
}

/// <summary>Keeps the order of a list: <see cref="Random.Shuffle{T}(T[])"/> exchanges each element with itself.</summary>
internal sealed class ListOrder() : Random(0)
{
    public override int Next(int minValue, int maxValue) => minValue;
}
