using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>What the application applies to all of its endpoints: an output cache, and an authorization fallback policy.</summary>
public sealed class MiddlewareTests
{
    [Test]
    public async Task Output_cache_of_the_application_keeps_no_response()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddOutputCache(options => options.AddBasePolicy(policy => policy.Expire(TimeSpan.FromHours(1))));
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints =>
            {
                endpoints.MapDbSharing();
                var calls = 0;
                endpoints.MapGet("/cached", () => $"{++calls}");
            },
            use: app =>
            {
                app.UseRouting();
                app.UseOutputCache();
            });
        var summary = await node.Client.GetStringAsync("/linktree/summary");
        using (var compressed = await node.GetAsync("/linktree/all", ("Accept-Encoding", "gzip")))
            Assert.That(compressed.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "gzip" }));

        Assert.That(await node.Client.GetStringAsync("/linktree/all"), Is.EqualTo("[]"));
        await node.SubmitAsync(TestNode.Signed());
        Assert.That(await node.Client.GetStringAsync("/linktree/summary"), Is.Not.EqualTo(summary));
        Assert.That(
            (await node.Client.GetStringAsync("/cached"), await node.Client.GetStringAsync("/cached")), Is.EqualTo(("1", "1")), "the cache works");
    }

    [Test]
    public async Task Fallback_policy_is_a_401_and_one_warning()
    {
        await using var node = await StartWithPolicyAsync(_ => { });

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put })
        {
            using var response = await node.SendAsync(method, "/linktree");
            await ProblemAssert.IsProblemAsync(response, HttpStatusCode.Unauthorized);
        }

        using var list = await node.GetAsync("/linktree/all");
        using var other = await node.GetAsync("/other");
        Assert.That(list.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.Redirect), "an endpoint of the application");
        Assert.That(node.Warnings.Where(warning => warning.Event.Name == "PeersRefused").Select(warning => warning.Text), Has.One.Contains("AllowAnonymous()"));
    }

    [TestCase("reader", HttpStatusCode.OK)]
    [TestCase("stranger", HttpStatusCode.Forbidden)]
    public async Task Fallback_policy_is_evaluated_for_the_user(string user, HttpStatusCode status)
    {
        await using var node = await StartWithPolicyAsync(_ => { });

        using var response = await node.GetAsync("/linktree/all", ("X-User", user));

        Assert.That(response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Fallback_policy_does_not_apply_with_AllowAnonymous()
    {
        await using var node = await StartWithPolicyAsync(endpoints => endpoints.AllowAnonymous());

        Assert.That(await node.Client.GetStringAsync("/linktree/all"), Is.EqualTo("[]"));
        Assert.That(node.Warnings, Is.Empty);
    }

    [TestCase(null, HttpStatusCode.Redirect)]
    [TestCase("stranger", HttpStatusCode.OK)]
    public async Task Authorization_that_the_application_requires_of_the_endpoints_is_that_of_ASP_NET(string? user, HttpStatusCode status)
    {
        await using var node = await StartWithPolicyAsync(endpoints => endpoints.RequireAuthorization());

        using var response = await (user is null ? node.GetAsync("/linktree/all") : node.GetAsync("/linktree/all", ("X-User", user)));

        Assert.That(response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Authorization_of_the_group_around_the_endpoints_applies()
    {
        await using var node = await StartWithPolicyAsync(_ => { }, endpoints => endpoints.MapGroup("").RequireAuthorization());

        using var refused = await node.GetAsync("/linktree/all");
        using var admitted = await node.GetAsync("/linktree/all", ("X-User", "stranger"));

        Assert.That((refused.StatusCode, admitted.StatusCode), Is.EqualTo((HttpStatusCode.Redirect, HttpStatusCode.OK)));
    }

    [TestCase(null, HttpStatusCode.Unauthorized)]
    [TestCase("stranger", HttpStatusCode.OK)]
    public async Task Authorization_that_a_last_convention_adds_applies(string? user, HttpStatusCode status)
    {
        await using var node = await StartWithPolicyAsync(endpoints => endpoints.Finally(endpoint => endpoint.Metadata.Add(new AuthorizeAttribute())));

        using var response = await (user is null ? node.GetAsync("/linktree/all") : node.GetAsync("/linktree/all", ("X-User", user)));

        Assert.That(response.StatusCode, Is.EqualTo(status));
    }

    private static Task<TestNode> StartWithPolicyAsync(
        Action<IEndpointConventionBuilder> configure, Func<IEndpointRouteBuilder, IEndpointRouteBuilder>? group = null) =>
        TestNode.StartAsync(
            services =>
            {
                services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("test", null);
                services.AddAuthorizationBuilder().SetFallbackPolicy(
                    new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireClaim(ClaimTypes.Name, "reader").Build());
                services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
            },
            endpoints =>
            {
                configure((group?.Invoke(endpoints) ?? endpoints).MapDbSharing());
                endpoints.MapGet("/other", () => "other");
            },
            use: app =>
            {
                app.UseRouting();
                app.UseAuthentication();
                app.UseAuthorization();
            });

    /// <summary>Authenticates by a header, and redirects clients without it, as cookies do.</summary>
    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (!Request.Headers.TryGetValue("X-User", out var user))
                return Task.FromResult(AuthenticateResult.NoResult());
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, user.ToString())], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Redirect("/login");
            return Task.CompletedTask;
        }
    }
}
