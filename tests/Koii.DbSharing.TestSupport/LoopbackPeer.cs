using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Koii.DbSharing.TestSupport;

/// <summary>A server on a raw socket that answers each request with the bytes that a test chooses, invalid HTTP included.</summary>
public sealed class LoopbackPeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<LoopbackExchange, Task> _script;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<LoopbackRequest> _requests = new();
    private readonly StateBarrier _requested = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private int _accepted;

    private LoopbackPeer(Func<LoopbackExchange, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public NodeAddress Address => NodeAddress.Parse(Url);

    public IReadOnlyList<LoopbackRequest> Requests => [.. _requests];

    public IEnumerable<string> Paths => _requests.Select(request => request.Path);

    public int Connections => Volatile.Read(ref _accepted);

    /// <summary>Starts a server whose script is run for every request.</summary>
    public static LoopbackPeer Start(Func<LoopbackExchange, Task> script) => new(script);

    /// <summary>Starts a server that answers each path with given bytes, and 404 elsewhere.</summary>
    public static LoopbackPeer Serve(params (string End, byte[] Answer)[] answers) =>
        new(exchange => exchange.WriteAsync(answers.FirstOrDefault(answer => exchange.Request.Path.EndsWith(answer.End, StringComparison.Ordinal)).Answer
            ?? Answers.Status("404 Not Found", "Cannot GET that", "text/plain")));

    /// <summary>Completes when a request for a path with this end has been received.</summary>
    public Task WhenRequestedAsync(string end = "") =>
        _requested.WhenAsync(() => Paths.Any(path => path.EndsWith(end, StringComparison.Ordinal)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                _connections.Add(TalkAsync(socket));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task TalkAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            while (await ReadRequestAsync(stream) is { } request)
            {
                _requested.Change(() => _requests.Enqueue(request));
                var exchange = new LoopbackExchange(request, socket, stream, _stop.Token);
                await _script(exchange);
                if (exchange.IsOver)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client disconnected, or the test has ended.
        }
    }

    private async Task<LoopbackRequest?> ReadRequestAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!Encoding.ASCII.GetString([.. head.TakeLast(4)]).Equals("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length) : 0];
        await stream.ReadExactlyAsync(body, _stop.Token);
        var line = lines[0].Split(' ');
        return new LoopbackRequest(line[0], line[1], headers, body);
    }
}

/// <summary>A request as it was received.</summary>
public sealed record LoopbackRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>One request and the connection to answer it on.</summary>
public sealed class LoopbackExchange(LoopbackRequest request, Socket socket, NetworkStream stream, CancellationToken stop)
{
    public LoopbackRequest Request { get; } = request;

    public bool IsOver { get; private set; }

    public async Task WriteAsync(byte[] bytes) => await stream.WriteAsync(bytes, stop);

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Writes one chunk of a chunked body, in one piece.</summary>
    public Task WriteChunkAsync(byte[] bytes) => WriteAsync([.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, (byte)'\r', (byte)'\n']);

    public Task WriteChunkAsync(string text) => WriteChunkAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Ends the connection in order.</summary>
    public void Close()
    {
        IsOver = true;
        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        IsOver = true;
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>Sends nothing more and waits until the client has disconnected.</summary>
    public async Task WaitForClientToLeaveAsync()
    {
        IsOver = true;
        var buffer = new byte[256];
        try
        {
            while (await stream.ReadAsync(buffer, stop) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Disconnected with a reset.
        }
    }
}
