using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Koii.DbSharing;

namespace ThreeNodes;

/// <summary>One node: a web server, a database of its own, an engine.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _author = new();

    private Node(string name, string url, WebApplication app) => (Name, Url, _app) = (name, url, app);

    public string Name { get; }

    public string Url { get; }

    public ReplicationEngine Engine => _app.Services.GetRequiredService<ReplicationEngine>();

    private ILinktreeStore Store => _app.Services.GetRequiredService<ILinktreeStore>();

    public static async Task<Node> StartAsync(string name, string serviceUrl, string folder)
    {
        // The options need the node's own address, and no other process may take the port until it starts.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var url = $"http://{socket.LocalEndPoint}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url).UseSockets(transport => transport.CreateBoundListenSocket = _ => socket);
        builder.Services
            .AddDbSharing(options =>
            {
                options.TaskId = Network.TaskId;
                options.ServiceUrl = serviceUrl;
                options.OwnUrls.Add(url);
                options.AllowPrivateAddresses = true;
            })
            .UseSqlite($"Data Source={Path.Combine(folder, name)}.db");

        var app = builder.Build();
        app.MapDbSharing();
        await app.StartAsync();
        return new Node(name, url, app);
    }

    /// <summary>Posts a record as an author's own program would, and returns the status.</summary>
    public async Task<HttpStatusCode> PostAsync(SignedLinktree linktree)
    {
        var body = new ArrayBufferWriter<byte>();
        body.Write("{\"payload\":"u8);
        LinktreeWriter.WriteRecord(body, linktree);
        body.Write("}"u8);
        using var content = new ReadOnlyMemoryContent(body.WrittenMemory);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await _author.PostAsync($"{Url}/linktree", content);
        return answer.StatusCode;
    }

    public async Task<IReadOnlyList<SignedLinktree>> ListAsync() =>
        (await Store.ListAsync(new LinktreeQuery { IncludeTombstones = true })).Linktrees;

    public async ValueTask DisposeAsync()
    {
        _author.Dispose();
        await _app.DisposeAsync();
    }
}
