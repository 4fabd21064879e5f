using System.Net;
using Koii.DbSharing.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The endpoints over a store that does not implement the change feed.</summary>
public sealed class FeedlessStoreTests
{
    private TestNode _node = null!;

    [SetUp]
    public async Task StartAsync() => _node = await TestNode.StartAsync(
        services => services.AddDbSharing(options => options.TaskId = TestNode.TaskId)
            .UseStore((_, options) => new DictionaryStore(options)),
        endpoints => endpoints.MapDbSharing());

    [TearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [TestCase("GET", "summary")]
    [TestCase("HEAD", "summary")]
    [TestCase("POST", "reconcile")]
    [TestCase("POST", "fetch")]
    [TestCase("DELETE", "summary")]
    [TestCase("GET", "fetch")]
    public async Task Extension_is_not_found(string method, string path)
    {
        using var response = await _node.SendAsync(new HttpMethod(method), $"{TestNode.LongPath}/{path}");

        if (method == "HEAD")
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        else
            await ProblemAssert.IsProblemAsync(response, HttpStatusCode.NotFound);
        Assert.That(response.Content.Headers.Allow, Is.Empty);
    }

    [Test]
    public async Task Lists_are_complete_and_have_no_entity_tag([Values("all", "list")] string path)
    {
        var linktree = await _node.SubmitAsync(TestNode.Signed());

        using var response = await _node.GetAsync($"{TestNode.LongPath}/{path}", ("If-None-Match", "W/\"other\", \"another\""));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Headers.ETag, Is.Null);
        Assert.That(response.Headers.CacheControl!.NoCache, Is.True);
        Assert.That(await response.Content.ReadAsStringAsync(), Does.StartWith("[").And.Contain(TestNode.RecordJson(linktree)).And.EndsWith("]"));
    }

    [Test]
    public async Task Submissions_and_newest_records_are_served()
    {
        using var posted = await _node.PostAsync(TestNode.Signed());

        Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            await _node.Client.GetStringAsync($"{TestNode.LongPath}/get/{TestNode.Signed().Author}"),
            Is.EqualTo(TestNode.RecordJson(TestNode.Signed())));
    }
}
