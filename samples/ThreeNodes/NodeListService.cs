using System.Buffers;
using System.Text.Json.Nodes;
using Koii.DbSharing;

namespace ThreeNodes;

/// <summary>
/// What a task's host process serves: the node list. Under another path it plays a stranger that serves what it likes.
/// </summary>
internal sealed class NodeListService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private string _nodeList = "[]";
    private byte[] _strangersList = "[]"u8.ToArray();

    private NodeListService(WebApplication app)
    {
        _app = app;
        app.MapGet($"/nodes/{Network.TaskId}", () => Results.Text(_nodeList, "application/json"));
        app.MapGet($"/stranger/task/{Network.TaskId}/linktree/all", () => Results.Bytes(_strangersList, "application/json"));
    }

    public string Url => _app.Urls.Single();

    public string StrangerUrl => $"{Url}/stranger";

    public static async Task<NodeListService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var service = new NodeListService(app);
        await app.StartAsync();
        return service;
    }

    public void List(IEnumerable<string> urls) =>
        _nodeList = new JsonArray([.. urls.Select(url => new JsonObject { ["data"] = new JsonObject { ["url"] = url } })]).ToJsonString();

    public void LetStrangerServe(SignedLinktree linktree)
    {
        var list = new ArrayBufferWriter<byte>();
        list.Write("["u8);
        LinktreeWriter.WriteKeyedRecord(list, linktree, "linktree");
        list.Write("]"u8);
        _strangersList = list.WrittenSpan.ToArray();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
