using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// An application that stops while clients are slow. The host waits for its requests without a limit here, so a request
/// that does not end fails the test.
/// </summary>
[CancelAfter(600_000)]
public sealed class StoppingTests
{
    [TestCase("GET /linktree/all HTTP/1.1\r\nHost: x\r\n\r\n")]
    [TestCase("GET /linktree/all HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")]
    [TestCase("POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n{")]
    [TestCase("POST /linktree HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [TestCase("POST /linktree/reconcile HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")]
    public async Task Requests_of_slow_clients_end_two_seconds_after_the_application_begins_to_stop(string request, CancellationToken hangs)
    {
        var clock = new RequestClock();
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseStore((_, _) => new PagedStore(pages: 100_000));
            },
            endpoints => endpoints.MapDbSharing(options => options.PrivateClient.MaxConcurrentLists = null),
            onSocket: true);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port, hangs);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), hangs);
        await clock.RequestsWaitAsync(1).WaitAsync(hangs);

        var stopped = node.StopAsync();
        await node.Stopping.WaitAsync(hangs);
        Assert.That(clock.IsIdle, Is.False, "the request has a second left");
        clock.Advance(TimeSpan.FromSeconds(2));

        await stopped.WaitAsync(hangs);
        Assert.That(clock.IsIdle, Is.True);
    }
}
