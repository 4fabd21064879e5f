using System.Globalization;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>
/// <c>pull 10000 100000</c>: for each count a process that serves so many records and another that pulls them, so that each peak is that of one pull alone.
/// </summary>
internal static class PullCommand
{
    internal const string Verb = "pull";

    private const string Columns = "{0,9}  {1,9}  {2,9}  {3,9}  {4,12}  {5,12}  {6,16}";

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || !TryParse(arguments, out var counts))
        {
            Console.Error.WriteLine("Usage: pull <count>... — how many records to pull, such as: pull 10000 100000");
            return 1;
        }

        Print("records", "records/s", "seconds", "CPU s", "on the wire", "peak memory", "allocated/record");
        var isComplete = true;
        foreach (var count in counts)
        {
            var pull = await PullAsync(count);
            Print(
                $"{pull.Records:N0}", $"{pull.RecordsPerSecond:N0}", Seconds(pull.Duration), Seconds(pull.ProcessorTime),
                Megabytes(pull.BytesOnTheWire), Megabytes(pull.PeakWorkingSet), $"{pull.Allocated / Math.Max(pull.Records, 1):N0} B");
            if (!pull.IsComplete)
                Console.Error.WriteLine($"Only {pull.Inserted} of {pull.Records} records were stored. {pull.Failure}");
            isComplete &= pull.IsComplete;
        }

        Console.WriteLine("Goals on two cores: 8,000 records/s; peak memory under 150 MB and flat from 10,000 to 100,000 records.");
        return isComplete ? 0 : 1;
    }

    private static async Task<PullMeasurement> PullAsync(int count)
    {
        var records = count.ToString(CultureInfo.InvariantCulture);
        using var server = LineProcess.StartOwn(ServeCommand.Verb, records);
        var url = await server.ReadLineAsync();
        using var node = LineProcess.StartOwn(MeasureCommand.Verb, records, url);
        var answer = await node.ReadLineAsync();
        return JsonSerializer.Deserialize<PullMeasurement>(answer) ?? throw new InvalidOperationException($"The child process answered '{answer}'.");
    }

    private static bool TryParse(IReadOnlyList<string> arguments, out List<int> counts)
    {
        counts = [];
        foreach (var argument in arguments)
        {
            if (!int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
                return false;
            counts.Add(count);
        }

        return true;
    }

    private static void Print(params object[] cells) => Console.WriteLine(string.Format(CultureInfo.InvariantCulture, Columns, cells));

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("N2", CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N1} MB");
}
