using System.Net.Sockets;

namespace Koii.DbSharing.Tests.Http;

/// <summary>A connection that tells how many bytes were read from it: a test then knows that a reader has what was sent.</summary>
internal sealed class CountedStream(Socket socket, Action<int> read) : NetworkStream(socket, ownsSocket: true)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken);
        read(count);
        return count;
    }
}
