namespace Koii.DbSharing.Benchmarks;

/// <summary>What a benchmark reads in one operation. As a parameter it tells <see cref="ThroughputColumn"/> how much that is.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="All">The texts, read one after the other.</param>
public sealed record Texts(string Name, IReadOnlyList<byte[]> All)
{
    /// <summary>Their length in sum.</summary>
    public long Bytes { get; } = All.Sum(text => (long)text.Length);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
