using System.Globalization;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The rows, for the console and as Markdown.</summary>
internal sealed class CompareTable(IReadOnlyList<CompareRow> rows, string own, string conditions)
{
    private const int MinWidth = 190;

    private static readonly string[] Columns =
        ["time", "rate", "received", "CPU node", "CPU server", "peak node", "peak server", "× time of ours", "× CPU of ours"];

    private readonly string[] _notes =
    [
        $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, "
            + $"{Environment.ProcessorCount} cores.",
        conditions,
        "Figures are those of one operation. Received: bytes of bodies. CPU: processor time of all cores. Peak: the most memory of the process.",
        "A cold pull is measured once in a new process, as is each round of the original. The others are means after unmeasured operations.",
        $"{own} pulls into SQLite, the original into NeDB with a file. Their servers hold the records in memory.",
        "The original verifies every record of every peer in each round; it is not run where that takes too long (--original-limit).",
        "PouchDB is one process without HTTP and without signatures, and its list is read and not written as text. This favors it.",
        $"{own} flushes each batch to the disk. PouchDB and NeDB do not flush.",
    ];

    internal void Print()
    {
        // A console that is a file has no width.
        var console = AnsiConsole.Console;
        console.Profile.Width = Math.Max(console.Profile.Width, MinWidth);
        console.WriteLine();
        console.Write(Create(TableBorder.Rounded));
        foreach (var note in _notes)
            console.WriteLine(note);
    }

    internal string ToMarkdown()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 10 * MinWidth;
        console.Write(Create(TableBorder.Markdown));
        var table = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return $"{string.Join('\n', table)}\n\n{string.Join('\n', _notes.Select(note => $"- {note}"))}\n";
    }

    private Table Create(TableBorder border)
    {
        var table = new Table().Border(border);
        foreach (var column in new[] { "what", "system" })
            table.AddColumn(column, settings => settings.NoWrap());
        foreach (var column in Columns)
            table.AddColumn(column, settings => settings.RightAligned().NoWrap());
        foreach (var row in rows)
        {
            var reference = rows.First(other => other.Scenario == row.Scenario && other.Contender == own).Outcome.Cost;
            string[] cells = row.Outcome.Cost is { } cost ? Cells(row, cost, reference) : ["", row.Outcome.Note];
            table.AddRow([.. new[] { row.Scenario.Title, row.Contender }.Concat(cells).Select(Markup.Escape)]);
        }

        return table;
    }

    private static string[] Cells(CompareRow row, Cost cost, Cost? reference) =>
    [
        Time(cost.Duration),
        $"{Number(row.Rate!.Value)} {row.Scenario.Unit}",
        cost.Bytes == 0 ? "" : Bytes(cost.Bytes),
        cost.Node is { } node ? Time(node.ProcessorTime) : "",
        cost.Server is { } server ? Time(server.ProcessorTime) : "",
        cost.Node is { } peakNode ? Bytes(peakNode.PeakWorkingSet) : "",
        cost.Server is { } peakServer ? Bytes(peakServer.PeakWorkingSet) : "",
        reference is null ? "" : Number(cost.Duration / reference.Duration),
        reference is null ? "" : Number(cost.ProcessorTime / reference.ProcessorTime),
    ];

    private static string Time(TimeSpan time) => time.TotalSeconds >= 1 ? $"{Number(time.TotalSeconds)} s" : $"{Number(time.TotalMilliseconds)} ms";

    private static string Bytes(long bytes) => bytes switch
    {
        >= 1_000_000 => $"{Number(bytes / 1e6)} MB",
        >= 1_000 => $"{Number(bytes / 1e3)} kB",
        _ => $"{bytes} B",
    };

    /// <summary>About three significant digits, or all before the point.</summary>
    private static string Number(double value) =>
        value.ToString(value switch { >= 100 => "N0", >= 10 => "N1", >= 0.1 => "N2", _ => "N4" }, CultureInfo.InvariantCulture);
}
