using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>What only shows with real connections: readers that are slow, and clients that go away.</summary>
public sealed class SocketTests
{
    private const int ManyPages = 100_000;

    [Test]
    public async Task A_slow_reader_is_never_far_behind_what_was_read_for_it()
    {
        const int Mebibyte = 1024 * 1024;
        // What may lie between store and client: the buffers of two sockets, of the server and of the client. The list is a thousand times as long.
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
    public async Task A_client_that_goes_away_ends_the_work_for_it([Values("gzip", "identity")] string acceptEncoding)
    {
        var store = new PagedStore(ManyPages);
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(store, onSocket: true, app => ObserveEnd(app, ended));

        var response = await node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1024]);
        response.Dispose();

        await AssertQuietAsync(node, ended.Task);
        Assert.That(store.PagesRead, Is.LessThan(ManyPages));
    }

    [Test]
    public async Task A_client_that_goes_away_in_the_middle_of_its_body_ends_quietly()
    {
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await TestNode.StartAsync(new PagedStore(1), onSocket: true, app => ObserveEnd(app, ended));

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"payload\":"));
        }

        await AssertQuietAsync(node, ended.Task);
    }

    [Test]
    public async Task An_http_1_0_client_gets_the_whole_list()
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 3, dataBytes: 1000), onSocket: true);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port);
        await client.GetStream().WriteAsync("GET /linktree/list HTTP/1.0\r\n\r\n"u8.ToArray());
        var answer = await new StreamReader(client.GetStream()).ReadToEndAsync();

        Assert.That(answer, Does.StartWith("HTTP/1.1 200").And.EndWith("}]"));
    }

    private static async Task AssertQuietAsync(TestNode node, Task<Exception?> ended)
    {
        Assert.That(await ended, Is.Null.Or.InstanceOf<OperationCanceledException>().Or.InstanceOf<IOException>());
        await node.DisposeAsync(); // The server says what it has to say after the endpoint.
        Assert.That(node.Complaints, Is.Empty);
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
