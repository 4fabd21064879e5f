using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.Tests.Http;

/// <summary>A port of this machine at which nobody listens. It is bound for as long: one that was let go may be somebody else's by now.</summary>
internal sealed class RefusingPort : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);

    public RefusingPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}";

    public void Dispose() => _socket.Dispose();
}
