using System.IO.Compression;
using System.Text;

namespace Koii.DbSharing.TestSupport;

/// <summary>Sends bodies of up to 10 GB, which are created while they are sent.</summary>
public static class Flood
{
    private const long TenGigabytes = 10L * 1024 * 1024 * 1024;

    /// <summary>Sends the start, awaits an action, and sends the block repeatedly.</summary>
    public static async Task SendAsync(LoopbackExchange exchange, string start, string block, Func<Task> inTheMiddle)
    {
        await exchange.WriteAsync(Answers.ChunkedHead());
        await exchange.WriteChunkAsync(start);
        await inTheMiddle();
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(block, 1 + 65_536 / block.Length)));
        for (var sent = 0L; sent < TenGigabytes; sent += bytes.Length)
            await exchange.WriteChunkAsync(bytes);
    }

    /// <summary>The same, compressed: a thousand to one. The blocks of a flushed deflate stream can be repeated, since each refers only to the block before it (RFC 1951 §2).</summary>
    public static async Task SendCompressedAsync(LoopbackExchange exchange, string start, string block, Func<Task> inTheMiddle)
    {
        await exchange.WriteAsync(Answers.ChunkedHead("Content-Encoding: gzip\r\n"));
        var text = string.Concat(Enumerable.Repeat(block, 1 + 1024 * 1024 / block.Length));
        using var wire = new MemoryStream();
        using var gzip = new GZipStream(wire, CompressionLevel.Optimal);
        await exchange.WriteChunkAsync(Compress(start + text));
        await inTheMiddle();
        var repeated = Compress(text);
        for (var sent = 0L; sent < TenGigabytes; sent += text.Length)
            await exchange.WriteChunkAsync(repeated);

        byte[] Compress(string part)
        {
            wire.SetLength(0);
            gzip.Write(Encoding.UTF8.GetBytes(part));
            gzip.Flush();
            return wire.ToArray();
        }
    }
}
