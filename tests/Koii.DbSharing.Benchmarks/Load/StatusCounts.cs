namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>How often each status was answered; 0 stands for a connection that broke. One client's, so for one thread at a time.</summary>
internal sealed class StatusCounts
{
    private readonly SortedDictionary<int, long> _counts = [];

    internal static StatusCounts Sum(IEnumerable<StatusCounts> all)
    {
        var sum = new StatusCounts();
        foreach (var (status, count) in all.SelectMany(counts => counts._counts))
            sum.Add(status, count);
        return sum;
    }

    internal void Add(int status, long count = 1) => _counts[status] = Of(status) + count;

    internal long Of(int status) => _counts.GetValueOrDefault(status);

    public override string ToString() => string.Join(", ", _counts.Select(count => $"{count.Value:N0} × {(count.Key == 0 ? "broken" : count.Key)}"));
}
