using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Slow readers and disconnects, on real connections.</summary>
public sealed class SocketTests
{
    private const int ManyPages = 100_000;

    [Test]
    public async Task Slow_reader_bounds_how_many_pages_are_read_ahead()
    {
        const int Mebibyte = 1024 * 1024;
        // The buffers between store and client: two sockets, the server, the client. The list is a thousand times as long.
        const int PagesUnderWay = 64;
        var store = new PagedStore(ManyPages);
        await using var node = await TestNode.StartAsync(store, onSocket: true);
        using var response = await node.GetAsync($"{TestNode.LongPath}/list");
        await using var body = await response.Content.ReadAsStreamAsync();

        var buffer = new byte[Mebibyte];
        for (var mebibytes = 1; mebibytes <= 100; mebibytes++)
        {
            await body.ReadExactlyAsync(buffer);
            Assert.That(store.PagesRead, Is.LessThanOrEqualTo(mebibytes + PagesUnderWay));
        }
    }

    [Test]
    public async Task Disconnect_ends_the_list([Values("gzip", "identity")] string acceptEncoding)
    {
        var store = new PagedStore(ManyPages);
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(store, onSocket: true, app => ObserveEnd(app, ended));

        var response = await node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1024]);
        response.Dispose();

        await AssertNoWarningAsync(node, ended.Task);
        Assert.That(store.PagesRead, Is.LessThan(ManyPages));
    }

    [Test]
    public async Task Disconnect_within_a_body_logs_no_warning()
    {
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(new PagedStore(1), onSocket: true, app => ObserveEnd(app, ended));

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port);
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes("POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"payload\":"));
        }

        await AssertNoWarningAsync(node, ended.Task);
    }

    [Test]
    public async Task Http_1_0_client_gets_the_complete_list()
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 3, dataBytes: 1000), onSocket: true);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port);
        await client.GetStream().WriteAsync("GET /linktree/list HTTP/1.0\r\n\r\n"u8.ToArray());
        var answer = await new StreamReader(client.GetStream()).ReadToEndAsync();

        Assert.That(answer, Does.StartWith("HTTP/1.1 200").And.EndWith("}]"));
    }

    private static async Task AssertNoWarningAsync(TestNode node, Task<Exception?> ended)
    {
        Assert.That(await ended, Is.Null.Or.InstanceOf<OperationCanceledException>().Or.InstanceOf<IOException>());
        await node.DisposeAsync(); // The server logs after the endpoint has ended.
        Assert.That(node.Warnings, Is.Empty);
    }

    private static void ObserveEnd(WebApplication app, TaskCompletionSource<Exception?> ended) =>
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
                ended.TrySetResult(null);
            }
            catch (Exception exception)
            {
                ended.TrySetResult(exception);
                throw;
            }
        });
}
