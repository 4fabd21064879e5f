namespace Koii.DbSharing.Tests.Replication;

/// <summary>Draws what it was told to draw, and then the middle.</summary>
internal sealed class Chances(params double[] values) : Random(0)
{
    private readonly Queue<double> _values = new(values);

    public override double NextDouble() => _values.TryDequeue(out var value) ? value : 0.5;
}
