using System.Net;
using Koii.DbSharing.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The limits as clients see them, without other configuration than <c>MapDbSharing</c>.</summary>
public sealed class RequestLimitTests
{
    private const string Alice = "203.0.113.7";
    private const string AddressHeader = "X-Test-Address";

    [Test]
    public async Task Public_client_beyond_its_rate_gets_429_with_Retry_After()
    {
        var clock = new FakeClock();
        await using var node = await StartAsync(clock);
        for (var i = 0; i < 60; i++)
            Assert.That(await StatusAsync(node, Alice, "all"), Is.EqualTo(HttpStatusCode.OK));

        using var response = await GetAsync(node, Alice, "list");

        Assert.That(response.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
        Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
        Assert.That(response.Headers.ETag, Is.Null);
        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.TooManyRequests, Alice);
        Assert.That(await StatusAsync(node, "203.0.113.8", "list"), Is.EqualTo(HttpStatusCode.OK), "another client");
        Assert.That(await StatusAsync(node, Alice, "get/nobody"), Is.EqualTo(HttpStatusCode.OK), "not a list");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await StatusAsync(node, Alice, "list"), Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Submissions_and_refused_methods_count_as_requests()
    {
        await using var node = await StartAsync(limits: options => options.PublicClient.RequestsPerMinute = 2);

        using var posted = await SendAsync(node, Alice, HttpMethod.Post, TestNode.LongPath, "{}");
        using var deleted = await SendAsync(node, Alice, HttpMethod.Delete, "/linktree");
        using var third = await SendAsync(node, Alice, HttpMethod.Post, TestNode.LongPath, """{"payload":"MarkerOfTheSender"}""");

        Assert.That((posted.StatusCode, deleted.StatusCode), Is.EqualTo((HttpStatusCode.BadRequest, HttpStatusCode.MethodNotAllowed)));
        Assert.That(third.Headers.RetryAfter!.Delta, Is.EqualTo(TimeSpan.FromSeconds(30)));
        await ProblemAssert.IsProblemAsync(third, HttpStatusCode.TooManyRequests, "MarkerOfTheSender");
    }

    [Test]
    public async Task Reconciliation_counts_by_its_bytes()
    {
        await using var node = await StartAsync(limits: options => options.PublicClient.RequestsPerMinute = 10);
        // 16,384 ranges of three bytes that ask nothing: 48 KiB, which count as three more requests.
        byte[] message = [0x61, .. Enumerable.Range(0, 16_384).SelectMany(_ => new byte[] { 2, 0, 0 })];
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestNode.LongPath}/reconcile") { Content = new ByteArrayContent(message) };
        request.Headers.Add(AddressHeader, Alice);
        using var response = await node.Client.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        for (var i = 0; i < 6; i++)
            Assert.That(await StatusAsync(node, Alice, "summary"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(node, Alice, "summary"), Is.EqualTo(HttpStatusCode.TooManyRequests));
    }

    [Test]
    public async Task Head_of_a_list_does_not_count_as_a_list()
    {
        await using var node = await StartAsync(limits: options => options.PublicClient.ListsPerMinute = 1);

        for (var i = 0; i < 3; i++)
        {
            using var response = await SendAsync(node, Alice, HttpMethod.Head, $"{TestNode.LongPath}/all");
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
    }

    [TestCase(null)]
    [TestCase("127.0.0.1")]
    [TestCase("192.168.1.2")]
    public async Task Private_client_has_no_rate(string? address)
    {
        await using var node = await StartAsync();

        for (var i = 0; i < 700; i++)
            Assert.That(await StatusAsync(node, address, "all"), Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Client_is_the_address_that_a_known_proxy_forwards()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints => endpoints.MapDbSharing(options => options.PublicClient.RequestsPerMinute = 1),
            onSocket: true,
            app => app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor }));

        Assert.That(await ForwardedAsync(Alice), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await ForwardedAsync(Alice), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await ForwardedAsync("2001:db8:0:1::1"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await ForwardedAsync("2001:db8:0:1::2"), Is.EqualTo(HttpStatusCode.TooManyRequests), "the same network");
        Assert.That(await ForwardedAsync("2001:db8:0:2::1"), Is.EqualTo(HttpStatusCode.OK));

        async Task<HttpStatusCode> ForwardedAsync(string address)
        {
            using var response = await node.GetAsync($"{TestNode.LongPath}/all", ("X-Forwarded-For", address));
            return response.StatusCode;
        }
    }

    [Test]
    public async Task Forwarded_headers_are_ignored_without_a_known_proxy()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints => endpoints.MapDbSharing(options => options.PrivateClient.RequestsPerMinute = 2),
            onSocket: true);

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 3; i++)
        {
            var address = $"203.0.113.{i}";
            using var response = await node.GetAsync($"{TestNode.LongPath}/all", ("X-Forwarded-For", address), ("Forwarded", $"for={address}"));
            statuses.Add(response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests }));
    }

    [Test]
    public async Task Node_without_a_free_permit_answers_503_until_one_is_released()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId)
                .UseStore((_, _) => new PagedStore(pages: 100_000)),
            endpoints => endpoints.MapDbSharing(options => options.AllClients.MaxConcurrentLists = 1),
            onSocket: true);

        using (var first = await node.GetAsync($"{TestNode.LongPath}/all"))
        {
            Assert.That(first.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            using var second = await node.GetAsync($"{TestNode.LongPath}/list");
            Assert.That(second.Headers.RetryAfter!.Delta, Is.GreaterThan(TimeSpan.Zero));
            await ProblemAssert.IsProblemAsync(second, HttpStatusCode.ServiceUnavailable);
            using var other = await node.GetAsync($"{TestNode.LongPath}/get/nobody");
            Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.OK), "other requests are still admitted");
        }

        // The server notices later that the client has disconnected.
        HttpStatusCode status;
        do
        {
            using var response = await node.GetAsync($"{TestNode.LongPath}/all");
            status = response.StatusCode;
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Failing_store_releases_the_permit()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId)
                .UseStore((_, _) => new PagedStore(pages: 2, failingPage: 0)),
            endpoints => endpoints.MapDbSharing(options => options.AllClients.MaxConcurrentRequests = 1));

        for (var i = 0; i < 5; i++)
        {
            using var response = await node.GetAsync($"{TestNode.LongPath}/all");
            await ProblemAssert.IsProblemAsync(response, HttpStatusCode.ServiceUnavailable);
            Assert.That(response.Headers.RetryAfter, Is.Null, "busy");
        }
    }

    [Test]
    public async Task Two_tasks_have_separate_limits()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddDbSharing("one", options => options.TaskId = "TaskA").UseInMemory();
                services.AddDbSharing("two", options => options.TaskId = "TaskB").UseInMemory();
            },
            endpoints =>
            {
                endpoints.MapDbSharing("one", configure: options => options.PrivateClient.RequestsPerMinute = 1);
                endpoints.MapDbSharing("two", configure: options => options.PrivateClient.RequestsPerMinute = 2);
            });

        var statuses = new List<int>();
        foreach (var task in new[] { "TaskA", "TaskA", "TaskB", "TaskB", "TaskB" })
        {
            using var response = await node.GetAsync($"/task/{task}/linktree/all");
            statuses.Add((int)response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 200, 429, 200, 200, 429 }));
    }

    [Test]
    public async Task Short_and_long_path_share_the_limits()
    {
        await using var node = await StartAsync(limits: options => options.PublicClient.RequestsPerMinute = 1);

        using var onLong = await SendAsync(node, Alice, HttpMethod.Get, $"{TestNode.LongPath}/all");
        using var onShort = await SendAsync(node, Alice, HttpMethod.Get, "/linktree/all");

        Assert.That((onLong.StatusCode, onShort.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.TooManyRequests)));
    }

    [Test]
    public async Task Rate_limiter_of_the_application_applies_as_well()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
                services.AddRateLimiter(limiter =>
                {
                    limiter.RejectionStatusCode = StatusCodes.Status418ImATeapot;
                    limiter.AddFixedWindowLimiter("own", window => (window.PermitLimit, window.Window) = (3, TimeSpan.FromHours(1)));
                });
            },
            endpoints =>
            {
                endpoints.MapDbSharing(options => options.PrivateClient.ListsPerMinute = 1).RequireRateLimiting("own");
                endpoints.MapGet("/free", () => "free");
            },
            use: app =>
            {
                app.UseRouting();
                app.UseRateLimiter();
            });

        var statuses = new List<int>();
        foreach (var path in new[] { "/linktree/all", "/linktree/all", "/linktree/get/nobody", "/linktree/get/nobody", "/free" })
        {
            using var response = await node.GetAsync(path);
            statuses.Add((int)response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 200, 429, 200, 418, 200 }));
    }

    /// <summary>Starts a node that reads the client's address from a header of the test.</summary>
    private static Task<TestNode> StartAsync(TimeProvider? clock = null, Action<DbSharingEndpointOptions>? limits = null) =>
        TestNode.StartAsync(
            services =>
            {
                if (clock is not null)
                    services.AddSingleton(clock);
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints => endpoints.MapDbSharing(limits),
            use: app => app.Use((context, next) =>
            {
                if (context.Request.Headers.TryGetValue(AddressHeader, out var address))
                    context.Connection.RemoteIpAddress = IPAddress.Parse(address.ToString());
                return next(context);
            }));

    private static Task<HttpResponseMessage> GetAsync(TestNode node, string? address, string path) =>
        SendAsync(node, address, HttpMethod.Get, $"{TestNode.LongPath}/{path}");

    private static async Task<HttpStatusCode> StatusAsync(TestNode node, string? address, string path)
    {
        using var response = await GetAsync(node, address, path);
        return response.StatusCode;
    }

    private static Task<HttpResponseMessage> SendAsync(TestNode node, string? address, HttpMethod method, string path, string? body = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body) };
        if (address is not null)
            request.Headers.Add(AddressHeader, address);
        return node.Client.SendAsync(request);
    }
}
