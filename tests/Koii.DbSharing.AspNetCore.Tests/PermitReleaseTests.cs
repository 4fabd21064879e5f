using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>A client has a single permit here: a request must release it however it ends.</summary>
[CancelAfter(600_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PermitReleaseTests
{
    private const string Host = "HTTP/1.1\r\nHost: x\r\n";

    private static readonly string[] Requests =
    [
        $"GET /linktree/all {Host}\r\n",
        $"GET /linktree/all {Host}Accept-Encoding: gzip\r\n\r\n",
        $"GET /linktree/all {Host}If-None-Match: *\r\n\r\n",
        $"GET /linktree/all {Host}If-None-Match: \"\r\n\r\n",
        $"GET /linktree/all {Host}Range: bytes=0-1\r\n\r\n",
        $"HEAD /linktree/all {Host}\r\n",
        $"OPTIONS /linktree/all {Host}\r\n",
        $"TRACE /linktree {Host}\r\n",
        $"GET /linktree/get/%2f {Host}\r\n",
        "GET /linktree/all HTTP/1.0\r\n\r\n",
        $"POST /linktree {Host}Content-Length: 1000\r\n\r\n{{",
        $"POST /linktree {Host}Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
        $"POST /linktree {Host}Content-Length: 2000000\r\n\r\n{{",
        $"POST /linktree {Host}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        $"POST /linktree {Host}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        $"POST /linktree {Host}Content-Length: 0\r\n\r\n",
        $"POST /linktree/reconcile {Host}Content-Length: 1\r\n\r\na",
        $"POST /linktree/reconcile {Host}Content-Length: 600000\r\n\r\na",
        $"POST /linktree/reconcile {Host}Content-Length: 100\r\n\r\na",
        $"POST /linktree/fetch {Host}Content-Length: 31\r\n\r\n0123456789012345678901234567890",
        $"POST /linktree/fetch {Host}Content-Type: ;;\r\nContent-Length: 32\r\n\r\n0",
    ];

    private readonly TaskCompletionSource _isAdmitted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Test]
    public async Task Request_releases_its_permit_however_it_ends(
        [ValueSource(nameof(Requests))] string request, [Values] bool disconnectsAtOnce, [Values] bool behindMiddleware, CancellationToken hangs)
    {
        await using var node = await StartAsync(pages: 64, app =>
        {
            if (!behindMiddleware)
                return;
            app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = context => Task.CompletedTask });
            app.UseResponseCompression();
        });

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, node.Client.BaseAddress!.Port, hangs);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request), hangs);
            await _isAdmitted.Task.WaitAsync(hangs); // A client that disconnects before takes no permit.
            if (disconnectsAtOnce)
                client.LingerState = new LingerOption(enable: true, 0);
            else if (!IsUnfinished(request))
                Assert.That(await stream.ReadAsync(new byte[100], hangs), Is.GreaterThan(0));
        }

        // The server notices later that the client has disconnected.
        HttpStatusCode status;
        do
        {
            using var response = await node.Client.GetAsync("/linktree/summary", hangs);
            status = response.StatusCode;
        }
        while (status == HttpStatusCode.TooManyRequests);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        await node.DisposeAsync();
        Assert.That(node.Warnings, Is.Empty);
    }

    [TestCase("//linktree/all")]
    [TestCase($"/task/{TestNode.TaskId}%2flinktree/all")]
    [TestCase("/elsewhere")]
    public async Task Path_without_an_endpoint_takes_no_permit(string path, CancellationToken hangs)
    {
        await using var node = await StartAsync(pages: 100_000);
        using var only = await node.Client.GetAsync("/linktree/all", HttpCompletionOption.ResponseHeadersRead, hangs);
        using var refused = await node.Client.GetAsync("/linktree/summary", hangs);
        Assert.That((only.StatusCode, refused.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.TooManyRequests)), "the permit is taken");

        using var response = await node.Client.GetAsync(new Uri(node.Client.BaseAddress!.OriginalString.TrimEnd('/') + path), hangs);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    /// <summary>Starts a node with a single permit, which signals when the first request has taken it.</summary>
    private Task<TestNode> StartAsync(int pages, Action<WebApplication>? use = null) =>
        TestNode.StartAsync(
            services =>
            {
                services.AddResponseCompression(options => options.EnableForHttps = true);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseStore((_, _) => new PagedStore(pages));
            },
            endpoints => endpoints.MapDbSharing(options => options.PrivateClient.MaxConcurrentRequests = 1).Add(endpoint =>
            {
                var handler = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context =>
                {
                    var handling = handler(context);
                    _isAdmitted.TrySetResult();
                    return handling;
                };
            }),
            onSocket: true,
            use);

    /// <summary>Whether the node waits for more of the request.</summary>
    private static bool IsUnfinished(string request) => request.EndsWith('{') || request.EndsWith("100\r\n\r\na", StringComparison.Ordinal);
}
