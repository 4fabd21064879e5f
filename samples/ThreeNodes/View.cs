using System.Net;
using Koii.DbSharing;
using Spectre.Console;

namespace ThreeNodes;

/// <summary>Shows what happens: as a table that grows in a terminal, as plain lines elsewhere.</summary>
internal sealed class View(IAnsiConsole console, bool isLive)
{
    private readonly Table _progress = new Table().Border(TableBorder.Rounded)
        .AddColumns("When", "Node", "What", "Answer");

    private Action _refresh = () => { };

    public static View ForThisConsole()
    {
        if (AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
            return new View(AnsiConsole.Console, isLive: true);

        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        plain.Profile.Width = 120;
        return new View(plain, isLive: false);
    }

    public async Task ShowAsync(Func<Task> happening)
    {
        console.WriteLine("Three nodes, three databases, one set; and a stranger on the node list who serves a forgery.");
        if (!isLive)
        {
            await happening();
            return;
        }

        await console.Live(_progress).StartAsync(async context =>
        {
            _refresh = context.Refresh;
            await happening();
        });
    }

    public void Submitted(Node node, string what, HttpStatusCode answer) =>
        Add("submit", node, what, answer == HttpStatusCode.OK ? "taken" : $"refused ({(int)answer})");

    public void Round(int round, Node node, ReplicationReport report)
    {
        var read = report.Peers.Count(peer => peer.Failure is null);
        Add($"round {round}", node, $"{read}/{report.Peers.Count} peers", report.Verdicts.ToString());
    }

    public async Task ResultAsync(Network network, Scenario scenario, IReadOnlyList<string> faults)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Node", "Records", "Fingerprint", "Holds");
        foreach (var node in network.Nodes)
        {
            var summary = await node.Engine.GetSummaryAsync();
            var held = (await node.ListAsync()).Select(scenario.Describe);
            table.AddRow(node.Name, $"{summary.Count}", $"{summary.Fingerprint:x32}"[..12], Markup.Escape(string.Join("\n", held)));
        }

        console.Write(table);
        foreach (var fault in faults)
            console.MarkupLineInterpolated($"[red]Wrong:[/] {fault}");
        console.MarkupLine(faults.Count == 0 ? "[green]All three have the same set, and no bad record.[/]" : "[red]The sets are wrong.[/]");
    }

    private void Add(string when, Node node, string what, string answer)
    {
        if (isLive)
        {
            _progress.AddRow(when, node.Name, Markup.Escape(what), Markup.Escape(answer));
            _refresh();
        }
        else
        {
            console.WriteLine($"  {when,-8} {node.Name,-7} {what}{new string(' ', Math.Max(1, 34 - what.GetCellWidth()))}{answer}");
        }
    }
}
