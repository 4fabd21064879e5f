using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>Asks for the list and takes a hundred bytes of it a second, until it is cut off; then again.</summary>
internal sealed class SlowReader(string url, string address) : ILoadClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    internal StatusCounts Statuses { get; } = new();

    /// <summary>How often the node ended it.</summary>
    internal int CutOff { get; private set; }

    public async Task RunAsync(CancellationToken end)
    {
        while (true)
        {
            try
            {
                Statuses.Add(await ReadAsync(end));
            }
            catch (Exception broken) when (broken is IOException or SocketException)
            {
                Statuses.Add(0);
            }

            await Task.Delay(Pause, end);
        }
    }

    private async Task<int> ReadAsync(CancellationToken end)
    {
        var node = new Uri(url);
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(node.Host, node.Port, end);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {Posting.Path}/list HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\n\r\n"), end);

        var buffer = new byte[100];
        var head = await stream.ReadAtLeastAsync(buffer, "HTTP/1.1 200".Length, throwOnEndOfStream: true, end);
        var status = int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), CultureInfo.InvariantCulture);
        if (status != 200)
            return status;
        try
        {
            for (var read = head; read > 0; read = await stream.ReadAsync(buffer, end))
                await Task.Delay(Pause, end);
        }
        catch (IOException)
        {
            // Cut off with a reset.
        }

        CutOff++;
        return status;
    }
}
