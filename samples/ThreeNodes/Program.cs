using ThreeNodes;

// Three nodes on loopback, each with its own database, become one set. Exit code 0 only if they agree and have
// no bad record.
using var folder = new ScratchFolder();
await using var network = await Network.StartAsync(folder.Path);
var scenario = new Scenario(DateTimeOffset.UtcNow);

var view = View.ForThisConsole();
await view.ShowAsync(async () =>
{
    await scenario.SubmitAsync(network, view);
    for (var (round, isNews) = (1, true); isNews && round <= 6; round++)
    {
        isNews = false;
        foreach (var node in network.Nodes)
        {
            var report = await node.Engine.ShareAsync();
            isNews |= report.Verdicts.Inserted + report.Verdicts.Replaced > 0;
            view.Round(round, node, report);
        }
    }
});

var faults = await scenario.FindFaultsAsync(network);
await view.ResultAsync(network, scenario, faults);
return faults.Count == 0 ? 0 : 1;
