namespace Koii.DbSharing.Tests.Replication;

/// <summary>Returns the given values in order, then 0.5.</summary>
internal sealed class ScriptedRandom(params double[] values) : Random(0)
{
    private readonly Queue<double> _values = new(values);

    public override double NextDouble() => _values.TryDequeue(out var value) ? value : 0.5;
}
