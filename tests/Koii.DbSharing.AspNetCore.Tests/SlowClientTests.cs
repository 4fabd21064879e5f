using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// Slow clients, on real connections and on a clock that the test moves. Real time only ends a test that hangs.
/// </summary>
[CancelAfter(600_000)]
public sealed class SlowClientTests
{
    private const int Mebibyte = 1024 * 1024;

    [Test]
    public async Task Reader_that_receives_nothing_costs_one_page_until_it_is_aborted(CancellationToken hangs)
    {
        const int Readers = 8;
        // A page of 1 MiB, its part that is written and not yet received, and the memory of a connection.
        const int BytesForEach = 4 * Mebibyte;
        var (node, clock, store) = await StartAsync(options => options.RequestTimeout = TimeSpan.FromDays(1));
        await using var end = node;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var readers = new List<NetworkStream>();
        for (var i = 0; i < Readers; i++)
            readers.Add(await AskAsync(node, "GET /linktree/list HTTP/1.1\r\nHost: x\r\n\r\n", hangs));

        await clock.RequestsWaitAsync(Readers).WaitAsync(hangs);
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Readers * BytesForEach));
        Assert.That(store.PagesRead, Is.LessThan(Readers * 64), "the list has 100,000 pages");

        // A reader whose wait ended just now begins another one, until the buffers of its connection are full.
        var ended = clock.RequestsEndAsync();
        while (!ended.IsCompleted)
        {
            clock.Advance(DefaultIdleTimeout);
            await Task.WhenAny(ended, clock.NewWaitAsync()).WaitAsync(hangs);
        }

        foreach (var reader in readers)
        {
            Assert.That(await ReadToTheEndAsync(reader, hangs), Does.Not.EndWith("0\r\n\r\n"), "the list looks complete");
            reader.Dispose();
        }

        await node.DisposeAsync(); // The server logs after the endpoint has ended.
        Assert.That(node.Warnings, Is.Empty);
    }

    [Test]
    public async Task Reader_that_is_fast_enough_can_pause(CancellationToken hangs)
    {
        var (node, clock, _) = await StartAsync();
        await using var end = node;
        using var reader = await AskAsync(node, "GET /linktree/all HTTP/1.1\r\nHost: x\r\n\r\n", hangs);

        // The buffers between the two may hold many mebibytes, and the server may notice late that they were read: time
        // passes only after a new wait.
        var buffer = new byte[Mebibyte];
        for (var pauses = 0; pauses < 50;)
        {
            await reader.ReadExactlyAsync(buffer, hangs);
            if (!clock.TakeNewWait())
                continue;
            clock.Advance(DefaultIdleTimeout / 10);
            pauses++;
        }
    }

    [Test]
    public async Task Fast_reader_is_aborted_after_the_request_timeout(CancellationToken hangs)
    {
        var (node, clock, _) = await StartAsync(options => options.RequestTimeout = TimeSpan.FromSeconds(10));
        await using var end = node;
        using var reader = await AskAsync(node, "GET /linktree/all HTTP/1.1\r\nHost: x\r\n\r\n", hangs);

        var buffer = new byte[Mebibyte];
        await reader.ReadExactlyAsync(buffer, hangs);
        clock.Advance(TimeSpan.FromSeconds(10));
        while (await ReadOrNothingAsync(reader, buffer, hangs) > 0)
        {
        }

        await clock.RequestsEndAsync().WaitAsync(hangs);
    }

    [Test]
    public async Task Missing_body_is_a_408(CancellationToken hangs)
    {
        var (node, clock, _) = await StartAsync();
        await using var end = node;
        using var author = await AskAsync(node, "POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"payload\":{\"data\":", hangs);

        await clock.RequestsWaitAsync(1).WaitAsync(hangs);
        clock.Advance(DefaultIdleTimeout);

        var answer = await ReadToTheEndAsync(author, hangs);
        Assert.That(answer, Does.StartWith("HTTP/1.1 408 ").And.Contain("application/problem+json").And.Contain("no-store").And.Contain("nosniff"));
        await clock.RequestsEndAsync().WaitAsync(hangs);
        await node.DisposeAsync();
        Assert.That(node.Warnings, Is.Empty);
    }

    [Test]
    public async Task Slow_body_is_a_408(CancellationToken hangs)
    {
        var (node, clock, _) = await StartAsync();
        await using var end = node;
        using var author = await AskAsync(node, "POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", hangs);

        // Each wait is shorter than the idle timeout; together they are longer.
        var answer = ReadToTheEndAsync(author, hangs);
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(clock.NewWaitAsync(), answer);
            clock.Advance(DefaultIdleTimeout * 0.6);
            await WriteOrNothingAsync(author, " "u8.ToArray(), hangs);
        }

        Assert.That(await answer, Does.StartWith("HTTP/1.1 408 "));
    }

    [Test]
    public async Task Endless_body_is_a_413_after_its_limit(CancellationToken hangs)
    {
        var (node, _, _) = await StartAsync();
        await using var end = node;
        using var author = await AskAsync(node, "POST /linktree HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", hangs);

        var answer = ReadToTheEndAsync(author, hangs);
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string(' ', 0x10000)}\r\n");
        var sent = 0L;
        while (!answer.IsCompleted && await WriteOrNothingAsync(author, chunk, hangs))
            sent += chunk.Length;

        Assert.That(await answer, Does.StartWith("HTTP/1.1 413 ").And.Contain("application/problem+json"));
        // The buffers of the server and two sockets, and nothing that grows with the body.
        Assert.That(sent, Is.LessThan(64 * Mebibyte));
    }

    [TestCase("GET /linktree/all")]
    [TestCase("DELETE /linktree")]
    public async Task Body_that_no_endpoint_reads_is_not_read_to_its_end(string request, CancellationToken hangs)
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 1, dataBytes: 10), onSocket: true);
        using var client = await AskAsync(node, $"{request} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", hangs);

        var answer = ReadToTheEndAsync(client, hangs);
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string(' ', 0x10000)}\r\n");
        var sent = 0L;
        while (!answer.IsCompleted && await WriteOrNothingAsync(client, chunk, hangs))
            sent += chunk.Length;

        Assert.That(await answer, Does.StartWith("HTTP/1.1 "));
        Assert.That(sent, Is.LessThan(64 * Mebibyte));
    }

    private static readonly TimeSpan DefaultIdleTimeout = new DbSharingEndpointOptions().IdleTimeout;

    private static async Task<(TestNode Node, RequestClock Clock, PagedStore Store)> StartAsync(Action<DbSharingEndpointOptions>? limits = null)
    {
        var clock = new RequestClock();
        var store = new PagedStore(pages: 100_000);
        var node = await TestNode.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseStore((_, _) => store);
            },
            endpoints => endpoints.MapDbSharing(limits),
            onSocket: true);
        return (node, clock, store);
    }

    private static async Task<NetworkStream> AskAsync(TestNode node, string request, CancellationToken hangs)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port, hangs);
        var client = new NetworkStream(socket, ownsSocket: true);
        await client.WriteAsync(Encoding.ASCII.GetBytes(request), hangs);
        return client;
    }

    private static async Task<string> ReadToTheEndAsync(NetworkStream client, CancellationToken hangs)
    {
        var answer = new MemoryStream();
        var buffer = new byte[Mebibyte];
        while (await ReadOrNothingAsync(client, buffer, hangs) is > 0 and var read)
            answer.Write(buffer, 0, read);
        return Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
    }

    private static async Task<int> ReadOrNothingAsync(NetworkStream client, byte[] buffer, CancellationToken hangs)
    {
        try
        {
            return await client.ReadAsync(buffer, hangs);
        }
        catch (IOException)
        {
            return 0; // Reset, which is as good an end.
        }
    }

    private static async Task<bool> WriteOrNothingAsync(NetworkStream client, byte[] bytes, CancellationToken hangs)
    {
        try
        {
            await client.WriteAsync(bytes, hangs);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
