using System.Globalization;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Benchmarks.Sync;

/// <summary>
/// <c>sync 1000 10000 100000 1000000</c>: the cost for two nodes with so many records to find their differences, by the
/// extension and by lists; and the cost of the index.
/// </summary>
internal static class SyncCommand
{
    internal const string Verb = "sync";

    private const string Columns = "{0,9}  {1,-15}  {2,8}  {3,11}  {4,11}  {5,5}  {6,9}  {7,9}  {8,12}";
    private const int MostDifferences = 1_000;

    private static readonly int[] DefaultCounts = [1_000, 10_000, 100_000, 1_000_000];

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var counts = arguments.Count > 0
            ? [.. arguments.Select(argument => int.Parse(argument, NumberStyles.None, CultureInfo.InvariantCulture))]
            : DefaultCounts;
        Print("records", "difference", "path", "bytes up", "bytes down", "trips", "ms client", "ms server", "records, B");
        var isRight = true;
        foreach (var count in counts)
        {
            // The last records are those that only the server has: recent ones are newer than all others, scattered
            // ones have any age.
            var records = ProfileRecords.Forge(count + MostDifferences);
            var common = records.AsMemory(0, count);
            foreach (var (name, extra) in Differences(records, count))
            {
                var (client, server) = Sets(common, extra);
                var exchange = Exchange.Measure(client, server, extra);
                isRight &= exchange.IsRight;
                Print(
                    $"{count:N0}",
                    name,
                    extra.Length == 0 ? "summary" : "reconcile",
                    exchange.BytesUp,
                    exchange.BytesDown,
                    exchange.RoundTrips,
                    Milliseconds(exchange.Initiator),
                    Milliseconds(exchange.Responder),
                    exchange.RecordBytes);
            }

            var list = await PlainList.MeasureAsync(records[..count]);
            Print($"{count:N0}", "any", "list", 0, list.BytesOnTheWire, 1, Milliseconds(list.Reading), Milliseconds(list.Writing), "");
            Print($"{count:N0}", "0", "ETag", 0, 0, 1, Milliseconds(TimeSpan.Zero), Milliseconds(list.EntityTag), "");
            Console.WriteLine(
                $"{count,9:N0}  index: built in {list.IndexBuild.TotalSeconds:N2} s ({list.IndexProcessorTime.TotalSeconds:N2} s of processor time), "
                + $"{list.IndexBytes / 1e6:N1} MB, {(double)list.IndexBytes / count:N1} bytes a record");
        }

        return isRight ? 0 : 1;
    }

    private static IEnumerable<(string Name, SignedLinktree[] Extra)> Differences(SignedLinktree[] records, int count)
    {
        var scattered = records[count..];
        yield return ("0", []);
        yield return ("10 recent", [.. scattered.Take(10).Select((record, i) => ProfileRecords.Later(record, i))]);
        yield return ("10 scattered", scattered[..10]);
        yield return ("100 scattered", scattered[..100]);
        yield return ("1,000 scattered", scattered);
    }

    private static (ItemSet Client, ItemSet Server) Sets(ReadOnlyMemory<SignedLinktree> common, SignedLinktree[] extra)
    {
        var tree = new ItemTree();
        foreach (var record in common.Span)
            tree.Add(SetItem.Of(record.Version));
        var client = tree.Snapshot();
        foreach (var record in extra)
            tree.Add(SetItem.Of(record.Version));
        return (client, tree.Snapshot());
    }

    private static void Print(params object[] cells) =>
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture, Columns, [.. cells.Select(cell => cell is long or int ? $"{cell:N0}" : cell)]));

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("N3", CultureInfo.InvariantCulture);
}
