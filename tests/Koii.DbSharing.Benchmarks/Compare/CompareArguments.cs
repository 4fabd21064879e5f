using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The counts of the scenarios, and where the results are written.</summary>
internal sealed record CompareArguments
{
    internal const string Usage = """
        Usage: compare [--quick] [<option> <value>]...
          --quick                    small counts; ends within a minute, and its figures are meaningless
          --cold <count>,...         records of the cold pulls                        default: 1000,10000,100000
          --rounds <count>,...       records of each peer in rounds with nothing new  default: 1000,10000
          --peers <count>            peers of these rounds, 1 to 254                  default: 10
          --changed <count>,...      records among which some change                  default: 10000
          --changes <count>          how many of them change                          default: 100
          --list <count>             records of the list that is served               default: 10000
          --readers <count>          readers of it at once, 1 to 16                   default: 8
          --original-limit <count>   most records that the original reads in a round  default: 10000
          --markdown <file>          writes the table as Markdown
          --chart <file>             writes the rates of the cold pulls as an SVG chart
        """;

    private const int MaxPeers = 254;

    // A node serves no more lists to one private address at once.
    private const int MaxReaders = 16;

    internal IReadOnlyList<int> ColdPulls { get; private init; } = [1_000, 10_000, 100_000];

    internal IReadOnlyList<int> Rounds { get; private init; } = [1_000, 10_000];

    internal int Peers { get; private init; } = 10;

    internal IReadOnlyList<int> Changed { get; private init; } = [10_000];

    internal int Changes { get; private init; } = 100;

    internal int List { get; private init; } = 10_000;

    internal int Readers { get; private init; } = 8;

    internal int OriginalLimit { get; private init; } = 10_000;

    internal string? Markdown { get; private init; }

    internal string? Chart { get; private init; }

    internal int MaxCount => ColdPulls.Concat(Rounds).Concat(Changed).Append(List).Max();

    private static CompareArguments Quick => new() { ColdPulls = [200], Rounds = [100], Peers = 2, Changed = [100], Changes = 10, List = 200 };

    /// <summary>Reads the arguments. The result is null if they are wrong.</summary>
    internal static CompareArguments? TryParse(IReadOnlyList<string> arguments)
    {
        const string quick = "--quick";
        var result = arguments.Contains(quick) ? Quick : new CompareArguments();
        string[] options = [.. arguments.Where(argument => argument != quick)];
        foreach (var option in options.Chunk(2))
        {
            var counts = option.Length == 2 ? Counts(option[1]) : [];
            var read = option switch
            {
                ["--markdown", var file] => result with { Markdown = file },
                ["--chart", var file] => result with { Chart = file },
                ["--cold", _] when counts is not [] => result with { ColdPulls = counts },
                ["--rounds", _] when counts is not [] => result with { Rounds = counts },
                ["--changed", _] when counts is not [] => result with { Changed = counts },
                ["--peers", _] when counts is [<= MaxPeers] => result with { Peers = counts[0] },
                ["--changes", _] when counts is [_] => result with { Changes = counts[0] },
                ["--list", _] when counts is [_] => result with { List = counts[0] },
                ["--readers", _] when counts is [<= MaxReaders] => result with { Readers = counts[0] },
                ["--original-limit", _] when counts is [_] => result with { OriginalLimit = counts[0] },
                _ => null,
            };
            if (read is null)
                return null;
            result = read;
        }

        return result.Changed.All(count => count >= result.Changes) ? result : null;
    }

    private static int[] Counts(string text)
    {
        var parts = text.Split(',');
        var counts = parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToArray();
        return counts.Contains(0) ? [] : counts;
    }
}
