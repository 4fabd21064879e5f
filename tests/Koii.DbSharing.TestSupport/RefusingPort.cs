using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.TestSupport;

/// <summary>A port of this machine on which nothing listens. It stays bound, so that no other process can listen on it.</summary>
public sealed class RefusingPort : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);

    public RefusingPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}";

    public void Dispose() => _socket.Dispose();
}
