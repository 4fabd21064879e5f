using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>Stands between a store and its server, and cuts a connection where it is told to: within a request, or before an answer.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly List<Task> _connections = [];
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile int _requestBytes = int.MaxValue;
    private volatile bool _isAnswerCut;

    internal CuttingProxy(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The server behind the proxy, in one connection at a time.</summary>
    internal string ConnectionString => new NpgsqlConnectionStringBuilder(_server.ConnectionString)
    {
        Host = IPAddress.Loopback.ToString(),
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        MaxPoolSize = 1,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    /// <summary>Lets so many bytes through of what the store sends next, and then nothing on that connection.</summary>
    internal void CutRequestAfter(int bytes) => _requestBytes = bytes;

    /// <summary>Lets nothing through of what the server answers next.</summary>
    internal void CutAnswer() => _isAnswerCut = true;

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
            var server = isLocal ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
            _sockets.AddRange([client, server]);
            await server.ConnectAsync(isLocal ? new UnixDomainSocketEndPoint($"{_server.Host}/.s.PGSQL.{_server.Port}") : new DnsEndPoint(_server.Host, _server.Port));
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
                var passing = isRequest ? Math.Min(received, _requestBytes) : _isAnswerCut ? 0 : received;
                await to.SendAsync(buffer.AsMemory(0, passing));
                if (passing < received)
                {
                    (_requestBytes, _isAnswerCut) = (int.MaxValue, false);
                    break;
                }

                if (isRequest && _requestBytes < int.MaxValue)
                    _requestBytes -= passing;
            }
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            // By the other direction.
        }

        from.Dispose();
        to.Dispose();
    }
}
