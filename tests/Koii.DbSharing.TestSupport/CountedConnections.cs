using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.TestSupport;

/// <summary>Counts what a client reads from its connections, so that a test can await the end of its reading.</summary>
public sealed class CountedConnections
{
    private readonly Lock _lock = new();
    private readonly StateBarrier _barrier;
    private long _bytesRead;
    private int _pendingReads;

    public CountedConnections() => _barrier = new StateBarrier(_lock);

    /// <summary>Connects and counts what is read.</summary>
    public async Task<Stream> ConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address, cancellationToken);
        return new CountedStream(socket, this);
    }

    /// <summary>
    /// Completes when exactly as many bytes have been read from all connections, and as many reads are pending: the
    /// client has then processed what it has read.
    /// </summary>
    public Task WhenReadAsync(Func<long> bytes, int pendingReads) =>
        _barrier.WhenAsync(() => _bytesRead == bytes() && _pendingReads >= pendingReads);

    private sealed class CountedStream(Socket socket, CountedConnections connections) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            connections._barrier.Change(() => connections._pendingReads++);
            var count = 0;
            try
            {
                return count = await base.ReadAsync(buffer, cancellationToken);
            }
            finally
            {
                connections._barrier.Change(() =>
                {
                    connections._pendingReads--;
                    connections._bytesRead += count;
                });
            }
        }
    }
}
