namespace Koii.DbSharing.Tests.Replication;

/// <summary>Chance that leaves everything where it is: <see cref="Random.Shuffle{T}(T[])"/> exchanges each element for itself.</summary>
internal sealed class ListOrder() : Random(0)
{
    public override int Next(int minValue, int maxValue) => minValue;
}
