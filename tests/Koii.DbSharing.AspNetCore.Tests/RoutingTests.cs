using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The paths of one task and of several.</summary>
public sealed class RoutingTests
{
    private static Task<TestNode> StartTwoAsync(bool shortPath = false) =>
        TestNode.StartAsync(
            services =>
            {
                services.AddDbSharing("one", options => options.TaskId = "TaskA").UseInMemory();
                services.AddDbSharing("two", options => options.TaskId = "taska").UseInMemory();
            },
            endpoints =>
            {
                endpoints.MapDbSharing("one");
                endpoints.MapDbSharing("two", shortPath);
            });

    [Test]
    public async Task Unnamed_task_has_both_paths([Values("/linktree", TestNode.LongPath)] string path)
    {
        await using var node = await TestNode.StartAsync();

        using var posted = await node.PostAsync(TestNode.Signed(), path);
        var (all, list) = (await node.Client.GetStringAsync($"{path}/all"), await node.Client.GetStringAsync($"{path}/list"));
        var newest = await node.Client.GetStringAsync($"{path}/get/{TestNode.Signed().Author}");

        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(newest, Is.EqualTo(TestNode.RecordJson(TestNode.Signed())));
        Assert.That(all, Does.Contain(newest));
        Assert.That(list, Is.EqualTo($"[{newest}]"));
    }

    [Test]
    public async Task Path_of_another_task_is_a_404()
    {
        await using var node = await TestNode.StartAsync();

        foreach (var path in new[] { "/task/other/linktree/all", "/task/TASK1/linktree/all", "/task/Task1/other/all", "/task/other/linktree/get/x" })
        {
            using var response = await node.GetAsync(path);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), path);
        }

        using var posted = await node.PostAsync(TestNode.Signed(), "/task/other/linktree");
        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Two_tasks_whose_ids_differ_only_in_case_are_separate()
    {
        await using var node = await StartTwoAsync();
        var linktree = await node.SubmitAsync(TestNode.Signed(), "one");

        Assert.That(await node.Client.GetStringAsync("/task/TaskA/linktree/list"), Is.EqualTo($"[{TestNode.RecordJson(linktree)}]"));
        Assert.That(await node.Client.GetStringAsync("/task/taska/linktree/list"), Is.EqualTo("[]"));
    }

    [TestCase("GET", "/task/other/linktree/all")]
    [TestCase("POST", "/task/other/linktree")]
    [TestCase("POST", "/task/other/linktree/reconcile")]
    [TestCase("GET", "/task/TASKA/linktree/get/MarkerOfTheSender")]
    [TestCase("GET", "/task/TaskA/linktree/MarkerOfTheSender")]
    public async Task Task_or_path_that_is_not_mapped_is_a_404_with_a_problem(string method, string path)
    {
        await using var node = await StartTwoAsync();

        using var response = await node.SendAsync(new HttpMethod(method), path);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.NotFound, "MarkerOfTheSender");
    }

    [Test]
    public async Task Named_task_has_no_short_path_by_default()
    {
        await using var node = await StartTwoAsync();

        using var response = await node.GetAsync("/linktree/all");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Named_task_can_have_the_short_path()
    {
        await using var node = await StartTwoAsync(shortPath: true);
        var linktree = await node.SubmitAsync(TestNode.Signed(), "two");

        Assert.That(await node.Client.GetStringAsync("/linktree/list"), Is.EqualTo($"[{TestNode.RecordJson(linktree)}]"));
    }

    [TestCase("DELETE", "/linktree", "POST, PUT")]
    [TestCase("GET", "/linktree", "POST, PUT")]
    [TestCase("POST", "/linktree/all", "GET, HEAD")]
    [TestCase("PUT", "/linktree/list", "GET, HEAD")]
    [TestCase("DELETE", "/task/Task1/linktree/get/MarkerOfTheSender", "GET, HEAD")]
    [TestCase("MARKEROFTHESENDER", "/task/Task1/linktree/all", "GET, HEAD")]
    public async Task Other_method_is_a_405_with_Allow(string method, string path, string allowed)
    {
        await using var node = await TestNode.StartAsync();

        using var response = await node.SendAsync(new HttpMethod(method), path, ("X-Header", "MarkerOfTheSender"));

        Assert.That(response.Content.Headers.Allow, Is.EqualTo(allowed.Split(", ")));
        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.MethodNotAllowed, "MarkerOfTheSender");
    }

    [Test]
    public async Task Endpoint_of_the_application_on_the_same_path_is_used()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints =>
            {
                endpoints.MapDbSharing();
                endpoints.MapDelete("/linktree", () => "mine");
            });

        using var response = await node.SendAsync(HttpMethod.Delete, "/linktree");

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("mine"));
    }

    [Test]
    public async Task Conventions_apply_to_each_endpoint()
    {
        var metadata = new object();
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints => endpoints.MapDbSharing().WithMetadata(metadata));

        var mapped = node.Services.GetRequiredService<EndpointDataSource>().Endpoints;

        // Seven endpoints on two paths, each with one that refuses other methods, and one for other tasks.
        Assert.That(mapped, Has.Count.EqualTo(29));
        Assert.That(mapped, Is.All.Matches<Endpoint>(endpoint => endpoint!.Metadata.Contains(metadata)));
    }

    [Test]
    public async Task Serving_does_not_use_the_node_directory()
    {
        var directory = new Moq.Mock<INodeDirectory>(Moq.MockBehavior.Strict);
        await using var node = await TestNode.StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory().UseNodeDirectory((_, _) => directory.Object),
            endpoints => endpoints.MapDbSharing());

        Assert.That(await node.Client.GetStringAsync("/linktree/all"), Is.EqualTo("[]"));
    }

    [Test]
    public void Mapping_a_task_that_was_not_added_throws_with_the_call_that_is_missing()
    {
        using var app = (IDisposable)WebApplication.CreateSlimBuilder().Build();
        var endpoints = (IEndpointRouteBuilder)app;

        Assert.That(() => endpoints.MapDbSharing(), Throws.InvalidOperationException.With.Message.Contains("services.AddDbSharing(options => …)"));
        Assert.That(
            () => endpoints.MapDbSharing("other"),
            Throws.InvalidOperationException.With.Message.Contains("services.AddDbSharing(\"other\", options => …)"));
        Assert.That(() => endpoints.MapDbSharing(""), Throws.ArgumentException);
    }

    [Test]
    public void Mapping_a_task_with_invalid_options_throws_with_their_values()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddDbSharing(options => options.TaskId = "not a path").UseInMemory();
        using var app = (IDisposable)builder.Build();

        Assert.That(
            () => ((IEndpointRouteBuilder)app).MapDbSharing(),
            Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("not a path"));
    }
}
