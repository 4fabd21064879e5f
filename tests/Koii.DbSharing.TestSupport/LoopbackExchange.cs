using System.Net.Sockets;
using System.Text;

namespace Koii.DbSharing.TestSupport;

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
