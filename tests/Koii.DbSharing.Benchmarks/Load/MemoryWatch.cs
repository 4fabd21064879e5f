using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>Looks at the node's working set twice a second.</summary>
internal sealed class MemoryWatch(NodeProcess node) : ILoadClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly List<long> _seen = [];

    /// <summary>Whether the second half of the time needed hardly more than the first.</summary>
    internal bool IsFlat => _seen.Count >= 4 && Peak(SecondHalf) <= Peak(FirstHalf) * 1.25;

    private IEnumerable<long> FirstHalf => _seen.Take(_seen.Count / 2);

    private IEnumerable<long> SecondHalf => _seen.Skip(_seen.Count / 2);

    public async Task RunAsync(CancellationToken end)
    {
        while (true)
        {
            _seen.Add(node.WorkingSet);
            await Task.Delay(Pause, end);
        }
    }

    public override string ToString() =>
        _seen.Count < 4 ? "not seen often enough" : $"at first {Megabytes(_seen[0])}, peak of the first half {Megabytes(Peak(FirstHalf))}, of the second {Megabytes(Peak(SecondHalf))}, at last {Megabytes(_seen[^1])}";

    private static long Peak(IEnumerable<long> seen) => seen.Max();

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB");
}
