using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Slow senders from the address that all clients have, on real connections and on a clock that the test moves.</summary>
[CancelAfter(600_000)]
public sealed class SlowBodyTests
{
    private const int Senders = 128;

    [Test]
    public async Task Bodies_that_have_not_arrived_keep_no_other_request_from_an_answer(CancellationToken hangs)
    {
        var clock = new RequestClock();
        await using var node = await StartAsync(clock);
        var senders = new List<NetworkStream>();
        for (var i = 0; i < Senders; i++)
            senders.Add(await SendAsync(node, "POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n{", hangs));
        await clock.RequestsWaitAsync(Senders).WaitAsync(hangs);

        foreach (var path in new[] { "all", "list", "summary", $"get/{TestNode.Signed().Author}" })
        {
            using var response = await node.Client.GetAsync($"{TestNode.LongPath}/{path}", hangs);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), path);
        }

        using var posted = await node.PostAsync(TestNode.Signed());
        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        foreach (var sender in senders)
            await sender.DisposeAsync();
        await clock.RequestsEndAsync().WaitAsync(hangs);
    }

    [Test]
    public async Task Slowest_body_is_a_408_when_there_are_too_many(CancellationToken hangs)
    {
        const int Bodies = PendingBodies.DefaultMaxBodies;
        var clock = new RequestClock();
        await using var node = await StartAsync(clock);
        const string Head = "POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n";
        using var slowest = await SendAsync(node, Head, hangs);
        await clock.RequestsWaitAsync(1).WaitAsync(hangs);
        var others = new List<NetworkStream>();
        for (var i = 1; i < Bodies; i++)
            others.Add(await SendAsync(node, Head + "{", hangs));
        await clock.RequestsWaitAsync(Bodies).WaitAsync(hangs);
        clock.Advance(PendingBodies.MinAge + TimeSpan.FromTicks(1));

        using var last = await SendAsync(node, Head, hangs);

        var answer = new byte[12];
        await slowest.ReadExactlyAsync(answer, hangs);
        Assert.That(Encoding.ASCII.GetString(answer), Is.EqualTo("HTTP/1.1 408"));
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Test]
    public async Task Body_of_a_client_without_a_permit_is_refused_when_it_has_arrived(CancellationToken hangs)
    {
        var clock = new RequestClock();
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseStore((_, _) => new PagedStore(pages: 100_000));
            },
            endpoints => endpoints.MapDbSharing(options => options.PrivateClient.MaxConcurrentRequests = 1),
            onSocket: true);
        using var only = await node.Client.GetAsync("/linktree/all", HttpCompletionOption.ResponseHeadersRead, hangs);
        using var author = await SendAsync(node, "POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{", hangs);

        await author.WriteAsync("}"u8.ToArray(), hangs);

        var answer = new byte[12];
        await author.ReadExactlyAsync(answer, hangs);
        Assert.That(Encoding.ASCII.GetString(answer), Is.EqualTo("HTTP/1.1 429"));
    }

    private static Task<TestNode> StartAsync(RequestClock clock) =>
        TestNode.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints => endpoints.MapDbSharing(),
            onSocket: true);

    private static async Task<NetworkStream> SendAsync(TestNode node, string request, CancellationToken hangs)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port, hangs);
        var client = new NetworkStream(socket, ownsSocket: true);
        await client.WriteAsync(Encoding.ASCII.GetBytes(request), hangs);
        return client;
    }
}
