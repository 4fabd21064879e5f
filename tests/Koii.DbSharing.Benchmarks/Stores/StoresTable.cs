using System.Globalization;
using System.Runtime.InteropServices;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>The rows of all arenas, and what is printed of them.</summary>
internal sealed class StoresTable
{
    private const int Width = 12;

    private readonly Workload _workload;
    private readonly Dictionary<(IArena, Operation), Row> _rows;

    internal StoresTable(Workload workload, IReadOnlyList<IArena> arenas)
    {
        _workload = workload;
        Arenas = arenas;
        _rows = arenas
            .SelectMany(arena => Operation.Writing.Concat(Operation.Reading).Select(operation => (arena, operation)))
            .ToDictionary(key => key, key => new Row(key.arena.Name, key.operation, workload));
    }

    internal IReadOnlyList<IArena> Arenas { get; }

    /// <summary>Appends a second that the disk confirms, the most that was seen.</summary>
    internal double Fsyncs { get; set; }

    internal Row Row(IArena arena, Operation operation) => _rows[(arena, operation)];

    internal void Print(int rounds)
    {
        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores.");
        foreach (var description in Arenas.Select(arena => arena.Description).OfType<string>())
            Console.WriteLine($"{description}.");
        Console.WriteLine($"The disk: {Number(Fsyncs)} appends of 4 KiB a second, each with an fsync; pages of {Workload.PageSize} records with one each would be {Number(Fsyncs * Workload.PageSize)} records/s.");
        Console.WriteLine(
            $"{Number(_workload.Count)} records of {_workload.AverageBytes} bytes, each of another author, in pages of {Workload.PageSize}; ours and the driver in turns, each turn as in the fastest of {rounds} rounds.");
        Console.WriteLine();
        Print("store", "what", "records/s", "driver alone", "× its time", "B/record");
        Console.WriteLine($"| ---------- | ----------- | {new string('-', Width - 1)}: | {new string('-', Width - 1)}: | {new string('-', Width - 1)}: | {new string('-', Width - 1)}: |");
        foreach (var row in _rows.Values)
            Print(row.Arena, row.Operation, Rate(row.Own), row.Bare is { } bare ? Rate(bare) : "", row.Ratio?.ToString("N2", CultureInfo.InvariantCulture) ?? "", Number((double)row.Allocated / _workload.Count));
        Console.WriteLine();
        Console.WriteLine("Driver alone: the same rows in the same tables and batches, nothing decided. B/record: managed memory that ours allocates. Goals: at most 1.3 times the driver's time in each row;");
        Console.WriteLine("where the disk allows, SQLite 60,000 new and 200,000 held records/s.");
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
