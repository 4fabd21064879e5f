using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>What a browser needs to let a page of another origin read and post.</summary>
public sealed class CrossOriginTests
{
    private const string Origin = "https://front.example";

    private static readonly (string, string)[] Preflight =
        [("Origin", Origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")];

    [TestCase("GET", "/all")]
    [TestCase("GET", "/list")]
    [TestCase("GET", "/summary")]
    [TestCase("GET", "/get/x")]
    [TestCase("POST", "")]
    [TestCase("PUT", "")]
    [TestCase("DELETE", "/all")]
    public async Task Any_origin_can_read_the_response(string method, string path)
    {
        await using var node = await TestNode.StartAsync();

        using var response = await node.SendAsync(new HttpMethod(method), TestNode.LongPath + path, ("Origin", Origin));

        Assert.That(AllowedOrigins(response), Is.EqualTo(new[] { "*" }));
        Assert.That(response.Headers.GetValues("Access-Control-Expose-Headers").Single(), Is.EqualTo("ETag, Retry-After"));
        Assert.That(response.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
    }

    [Test]
    public async Task Response_without_an_origin_can_be_reused_for_a_page()
    {
        await using var node = await TestNode.StartAsync();

        using var response = await node.GetAsync("/linktree/all");

        Assert.That(AllowedOrigins(response), Is.EqualTo(new[] { "*" }));
    }

    [TestCase("", "POST, PUT")]
    [TestCase("/all", "GET, HEAD")]
    [TestCase("/get/x", "GET, HEAD")]
    public async Task Preflight_request_is_answered(string path, string methods)
    {
        await using var node = await TestNode.StartAsync();

        using var response = await node.SendAsync(HttpMethod.Options, $"/linktree{path}", Preflight);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(AllowedOrigins(response), Is.EqualTo(new[] { "*" }));
        Assert.That(response.Headers.GetValues("Access-Control-Allow-Methods").Single(), Is.EqualTo(methods));
        Assert.That(response.Headers.GetValues("Access-Control-Allow-Headers").Single(), Is.EqualTo("*"));
        Assert.That(response.Headers.GetValues("Access-Control-Max-Age").Single(), Is.EqualTo("7200"));
    }

    [TestCase("/reconcile")]
    [TestCase("/fetch")]
    public async Task Endpoints_for_nodes_alone_have_no_headers(string path)
    {
        await using var node = await TestNode.StartAsync();

        using var preflight = await node.SendAsync(HttpMethod.Options, $"/linktree{path}", Preflight);
        using var posted = await node.SendAsync(HttpMethod.Post, $"/linktree{path}", ("Origin", Origin));

        Assert.That(preflight.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That((AllowedOrigins(preflight), AllowedOrigins(posted)), Is.EqualTo((Array.Empty<string>(), Array.Empty<string>())));
    }

    [Test]
    public async Task Error_can_be_read_by_a_page()
    {
        await using var node = await StartAsync(options => options.PrivateClient.RequestsPerMinute = 1);
        using var first = await node.PostAsync(TestNode.Signed());

        using var refused = await node.PostAsync("{}");

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(AllowedOrigins(refused), Is.EqualTo(new[] { "*" }));
    }

    [Test]
    public async Task Option_disables_the_headers()
    {
        await using var node = await StartAsync(options => options.AllowAnyOrigin = false);

        using var read = await node.GetAsync("/linktree/all", ("Origin", Origin));
        using var preflight = await node.SendAsync(HttpMethod.Options, "/linktree", Preflight);

        Assert.That(AllowedOrigins(read), Is.Empty);
        Assert.That((preflight.StatusCode, AllowedOrigins(preflight)), Is.EqualTo((HttpStatusCode.MethodNotAllowed, Array.Empty<string>())));
    }

    [Test]
    public async Task Policy_of_the_application_on_the_endpoints_is_the_only_one()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddCors();
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints => endpoints.MapDbSharing().RequireCors(policy => policy.WithOrigins(Origin).WithHeaders("content-type")),
            use: app =>
            {
                app.UseRouting();
                app.UseCors();
            });

        using var own = await node.GetAsync("/linktree/all", ("Origin", Origin));
        using var other = await node.GetAsync("/linktree/all", ("Origin", "https://other.example"));
        using var preflight = await node.SendAsync(HttpMethod.Options, "/linktree", Preflight);

        Assert.That(AllowedOrigins(own), Is.EqualTo(new[] { Origin }));
        Assert.That(AllowedOrigins(other), Is.Empty);
        Assert.That((preflight.StatusCode, AllowedOrigins(preflight).Single()), Is.EqualTo((HttpStatusCode.NoContent, Origin)));
    }

    [Test]
    public async Task Default_policy_of_the_application_leaves_one_header()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddCors();
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints => endpoints.MapDbSharing(),
            use: app => app.UseCors(policy => policy.WithOrigins(Origin)));

        using var response = await node.GetAsync("/linktree/all", ("Origin", Origin));

        Assert.That(AllowedOrigins(response), Has.Length.EqualTo(1));
    }

    private static Task<TestNode> StartAsync(Action<DbSharingEndpointOptions> configure) =>
        TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints => endpoints.MapDbSharing(configure));

    private static string[] AllowedOrigins(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? [.. values] : [];
}
