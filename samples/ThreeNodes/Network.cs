using Koii.DbSharing;

namespace ThreeNodes;

/// <summary>Three nodes, the service that lists them, and a stranger that it lists too.</summary>
internal sealed class Network : IAsyncDisposable
{
    public const string TaskId = "EXAMPLE_TASK_ID";

    private readonly NodeListService _service;

    private Network(NodeListService service, IReadOnlyList<Node> nodes) => (_service, Nodes) = (service, nodes);

    public IReadOnlyList<Node> Nodes { get; }

    public static async Task<Network> StartAsync(string folder)
    {
        var service = await NodeListService.StartAsync();
        var nodes = new List<Node>();
        foreach (var name in new[] { "Accra", "Berlin", "Cusco" })
            nodes.Add(await Node.StartAsync(name, service.Url, folder));
        service.List([.. nodes.Select(node => node.Url), service.StrangerUrl]);
        return new Network(service, nodes);
    }

    /// <summary>Makes the stranger serve a record.</summary>
    public void LetStrangerServe(SignedLinktree linktree) => _service.LetStrangerServe(linktree);

    public async Task<bool> AgreesAsync()
    {
        var summaries = new HashSet<object>();
        foreach (var node in Nodes)
            summaries.Add(await node.Engine.GetSummaryAsync());
        return summaries.Count == 1;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        await _service.DisposeAsync();
    }
}
