using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// A proxy between a store and its server that cuts a connection on request: within a request, or before a response.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly List<Task> _connections = [];
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile int _requestBytes = int.MaxValue;
    private volatile bool _isResponseCut;

    internal CuttingProxy(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Connects through the proxy, with one connection at a time.</summary>
    internal string ConnectionString => new NpgsqlConnectionStringBuilder(_server.ConnectionString)
    {
        Host = IPAddress.Loopback.ToString(),
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        MaxPoolSize = 1,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    /// <summary>Passes a number of bytes of the next request, and then cuts its connection.</summary>
    internal void CutRequestAfter(int bytes) => _requestBytes = bytes;

    /// <summary>Cuts the connection of the next response before its first byte.</summary>
    internal void CutResponse() => _isResponseCut = true;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var socket in _sockets)
            socket.Dispose();
        await Task.WhenAll(_connections);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                return;
            }

            var isLocal = _server.Host!.StartsWith('/');
            var server = isLocal
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
            _sockets.AddRange([client, server]);
            await server.ConnectAsync(isLocal
                ? new UnixDomainSocketEndPoint($"{_server.Host}/.s.PGSQL.{_server.Port}")
                : new DnsEndPoint(_server.Host, _server.Port));
            _connections.Add(PassAsync(client, server, isRequest: true));
            _connections.Add(PassAsync(server, client, isRequest: false));
        }
    }

    private async Task PassAsync(Socket from, Socket to, bool isRequest)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var received)
            {
                var passing = isRequest ? Math.Min(received, _requestBytes) : _isResponseCut ? 0 : received;
                await to.SendAsync(buffer.AsMemory(0, passing));
                if (passing < received)
                {
                    (_requestBytes, _isResponseCut) = (int.MaxValue, false);
                    break;
                }

                if (isRequest && _requestBytes < int.MaxValue)
                    _requestBytes -= passing;
            }
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            // Cut by the other direction.
        }

        from.Dispose();
        to.Dispose();
    }
}
