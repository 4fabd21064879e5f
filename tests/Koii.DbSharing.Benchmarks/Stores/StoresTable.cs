using System.Globalization;
using System.Runtime.InteropServices;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The rows of all backends, and their output.</summary>
internal sealed class StoresTable
{
    private const int Width = 12;

    private readonly Workload _workload;
    private readonly Dictionary<(IBackend, Operation), Row> _rows;

    internal StoresTable(Workload workload, IReadOnlyList<IBackend> backends)
    {
        _workload = workload;
        Backends = backends;
        _rows = backends
            .SelectMany(backend => Operation.Writing.Concat(Operation.Reading).Select(operation => (backend, operation)))
            .ToDictionary(key => key, key => new Row(key.backend.Name, key.operation, workload));
    }

    internal IReadOnlyList<IBackend> Backends { get; }

    /// <summary>The most appends per second that the disk has confirmed.</summary>
    internal double Fsyncs { get; set; }

    internal Row Row(IBackend backend, Operation operation) => _rows[(backend, operation)];

    internal void Print(int rounds)
    {
        Console.WriteLine(
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, "
            + $"{Environment.ProcessorCount} cores.");
        foreach (var description in Backends.Select(backend => backend.Description).OfType<string>())
            Console.WriteLine($"{description}.");
        Console.WriteLine(
            $"The disk: {Number(Fsyncs)} appends of 4 KiB a second, each with an fsync; batches of {_workload.BatchSize} records with one each "
            + $"would be {Number(Fsyncs * _workload.BatchSize)} records/s.");
        Console.WriteLine(
            $"{Number(_workload.Count)} records of {_workload.AverageBytes} bytes, each of another author, in batches of {_workload.BatchSize}; "
            + $"store and driver alternate, each slice as in the fastest of {rounds} rounds.");
        Console.WriteLine();
        Print("store", "what", "records/s", "driver alone", "× its time", "B/record");
        var rule = new string('-', Width - 1) + ":";
        Console.WriteLine($"| ---------- | ----------- | {rule} | {rule} | {rule} | {rule} |");
        foreach (var row in _rows.Values)
        {
            var bare = row.Bare is { } time ? Rate(time) : "";
            var ratio = row.Ratio?.ToString("N2", CultureInfo.InvariantCulture) ?? "";
            Print(row.Backend, row.Operation, Rate(row.Own), bare, ratio, Number((double)row.Allocated / _workload.Count));
        }

        Console.WriteLine();
        Console.WriteLine("Driver alone: the same rows in the same tables and batches, without decisions.");
        Console.WriteLine("B/record: managed memory that the store allocates.");
    }

    private static void Print(string store, string what, params ReadOnlySpan<string> figures)
    {
        Console.Write($"| {store,-10} | {what,-11} |");
        foreach (var figure in figures)
            Console.Write($" {figure,Width} |");
        Console.WriteLine();
    }

    private string Rate(TimeSpan time) => Number(_workload.Count / time.TotalSeconds);

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
