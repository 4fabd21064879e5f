using System.IO.Compression;
using System.Net;
using System.Text.Json;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary><c>GET all</c> and <c>GET list</c> (protocol §3).</summary>
public sealed class ListEndpointTests
{
    private TestNode _node = null!;

    [SetUp]
    public async Task StartAsync() => _node = await TestNode.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [Test]
    public async Task All_contains_each_record_under_its_key()
    {
        var linktree = await _node.SubmitAsync(TestNode.Signed());

        var body = await _node.Client.GetStringAsync($"{TestNode.LongPath}/all");

        Assert.That(body, Is.EqualTo($$"""[{"key":"linktree:{{linktree.Author}}","value":{{TestNode.RecordJson(linktree)}}}]"""));
    }

    [Test]
    public async Task List_contains_the_records_without_keys()
    {
        var linktree = await _node.SubmitAsync(TestNode.Signed());

        var body = await _node.Client.GetStringAsync($"{TestNode.LongPath}/list");

        Assert.That(body, Is.EqualTo($"[{TestNode.RecordJson(linktree)}]"));
    }

    [Test]
    public async Task Resource_name_changes_paths_and_keys()
    {
        await using var node = await TestNode.StartAsync(options => options.ResourceName = "profile");
        var linktree = await node.SubmitAsync(TestNode.Signed());

        using var all = JsonDocument.Parse(await node.Client.GetStringAsync($"/task/{TestNode.TaskId}/profile/all"));

        Assert.That(all.RootElement[0].GetProperty("key").GetString(), Is.EqualTo($"profile:{linktree.Author}"));
    }

    [Test]
    public async Task Empty_store_is_an_empty_array([Values("all", "list")] string path)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/{path}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Records_and_tombstones_ascend_by_version()
    {
        await _node.SubmitAsync(TestNode.Signed("late", TestNode.Time + 2));
        await _node.SubmitAsync(TestNode.Signed("early", TestNode.Time));
        await _node.SubmitAsync(TestNode.Signed("gone", TestNode.Time + 1, deleted: true, taskId: TestNode.TaskId));

        using var list = JsonDocument.Parse(await _node.Client.GetStringAsync($"{TestNode.LongPath}/list"));

        var uuids = list.RootElement.EnumerateArray().Select(record => record.GetProperty("data").GetProperty("uuid").GetString());
        Assert.That(uuids, Is.EqualTo(new[] { "early", "gone", "late" }));
    }

    [Test]
    public async Task Lists_are_json_that_caches_must_revalidate([Values("all", "list")] string path)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/{path}");

        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json; charset=utf-8"));
            Assert.That(response.Headers.Vary, Is.EqualTo(new[] { "Accept-Encoding" }));
            Assert.That(response.Headers.ETag!.IsWeak, Is.True);
            Assert.That(response.Headers.CacheControl!.NoCache, Is.True);
            Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
        });
    }

    [Test]
    public async Task Entity_tag_changes_exactly_when_the_set_changes()
    {
        var empty = await EntityTagAsync("all");
        await _node.SubmitAsync(TestNode.Signed());
        var one = await EntityTagAsync("all");
        var again = await EntityTagAsync("all");
        await _node.SubmitAsync(TestNode.Signed(timestamp: TestNode.Time + 1));
        var replaced = await EntityTagAsync("all");

        Assert.That(again, Is.EqualTo(one));
        Assert.That(new[] { empty, one, replaced }, Is.Unique);
    }

    [Test]
    public async Task All_and_list_have_different_entity_tags() =>
        Assert.That(await EntityTagAsync("all"), Is.Not.EqualTo(await EntityTagAsync("list")));

    [TestCase("{0}")]
    [TestCase("{1}")]
    [TestCase("*")]
    [TestCase("\"other\", W/\"another\", {0}")]
    public async Task Matching_entity_tag_is_a_304(string ifNoneMatch)
    {
        await _node.SubmitAsync(TestNode.Signed());
        var weak = await EntityTagAsync("all");

        using var response = await _node.GetAsync($"{TestNode.LongPath}/all", ("If-None-Match", string.Format(null, ifNoneMatch, weak, weak[2..])));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
        Assert.That(response.Headers.ETag!.ToString(), Is.EqualTo(weak));
        Assert.That(response.Headers.Vary, Is.EqualTo(new[] { "Accept-Encoding" }));
    }

    [TestCase("W/\"other\"")]
    [TestCase("not a tag")]
    [TestCase("\"*\"")]
    [TestCase("")]
    public async Task Other_entity_tag_gets_the_list(string ifNoneMatch)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/all", ("If-None-Match", ifNoneMatch));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
    }

    [TestCase("gzip")]
    [TestCase("deflate, br, GZIP")]
    [TestCase("gzip;q=0.1")]
    [TestCase("identity;q=0.5, gzip;q=0.5")]
    [TestCase("*")]
    [TestCase("x-gzip")]
    [TestCase("identity;q=0, *;q=0.1")]
    public async Task List_is_compressed_where_gzip_is_preferred(string acceptEncoding)
    {
        await _node.SubmitAsync(TestNode.Signed());
        var plain = await _node.Client.GetStringAsync($"{TestNode.LongPath}/all");

        using var response = await _node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));

        Assert.That(response.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "gzip" }));
        using var text = new StreamReader(new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        Assert.That(await text.ReadToEndAsync(), Is.EqualTo(plain));
    }

    [TestCase("")]
    [TestCase("br")]
    [TestCase("gzip;q=0")]
    [TestCase("gzip;q=0.0, *")]
    [TestCase("identity, gzip;q=0.9")]
    [TestCase("identity;q=1, *;q=0")]
    [TestCase("gzipped")]
    [TestCase("gzip;q=high")]
    public async Task List_is_plain_where_gzip_is_not_preferred(string acceptEncoding)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));

        Assert.That(response.Content.Headers.ContentEncoding, Is.Empty);
        Assert.That(response.Headers.Vary, Is.EqualTo(new[] { "Accept-Encoding" }));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Head_has_the_headers_and_no_body([Values("gzip", "identity")] string acceptEncoding)
    {
        await _node.SubmitAsync(TestNode.Signed());
        var entityTag = await EntityTagAsync("all");

        using var response = await _node.SendAsync(HttpMethod.Head, $"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Headers.ETag!.ToString(), Is.EqualTo(entityTag));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task List_of_many_pages_is_complete([Values("gzip", "identity")] string acceptEncoding)
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 5, dataBytes: 20_000));

        using var response = await node.GetAsync($"{TestNode.LongPath}/list", ("Accept-Encoding", acceptEncoding));
        await using var body = await response.Content.ReadAsStreamAsync();
        using var list = await JsonDocument.ParseAsync(acceptEncoding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body);

        var uuids = list.RootElement.EnumerateArray().Select(record => record.GetProperty("data").GetProperty("uuid").GetString());
        Assert.That(uuids, Is.EqualTo(Enumerable.Range(1, 80).Select(i => $"u{i}")));
    }

    [Test]
    public async Task Store_failure_before_the_first_page_is_a_503([Values("gzip", "identity")] string acceptEncoding)
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 5, failingPage: 0));

        using var response = await node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));

        Assert.That(response.Headers.ETag, Is.Null);
        Assert.That(response.Content.Headers.ContentEncoding, Is.Empty);
        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.ServiceUnavailable, "secret");
        Assert.That(node.Warnings.Select(warning => warning.Event.Id), Is.EqualTo(new[] { 1400 }));
        Assert.That(
            node.Warnings.Single().Text,
            Does.StartWith($"The store failed during a request for task {TestNode.TaskId}.").And.Contain("secret"));
    }

    [Test]
    public async Task Store_failure_after_the_first_page_aborts_the_connection(
        [Values("gzip", "identity")] string acceptEncoding, [Values] bool onSocket)
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 5, failingPage: 3), onSocket);

        // A reset may discard the headers too.
        Assert.That(ReadAsync, Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());

        async Task ReadAsync()
        {
            using var response = await node.GetAsync($"{TestNode.LongPath}/all", ("Accept-Encoding", acceptEncoding));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            await response.Content.ReadAsByteArrayAsync();
        }
    }

    private async Task<string> EntityTagAsync(string path)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/{path}");
        return response.Headers.ETag!.ToString();
    }
}
