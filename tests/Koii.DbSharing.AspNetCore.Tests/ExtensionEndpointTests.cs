using System.IO.Compression;
using System.Net;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// <c>summary</c>, <c>reconcile</c> and <c>fetch</c> (protocol §3), which nodes with the extension use among themselves.
/// </summary>
public sealed class ExtensionEndpointTests
{
    private static readonly byte[] EmptySet = [0x61, 0, 0, 2, 0];

    private TestNode _node = null!;

    [SetUp]
    public async Task StartAsync() => _node = await TestNode.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [Test]
    public async Task Summary_of_an_empty_store_is_that_of_the_protocol([Values(TestNode.LongPath, "/linktree")] string path)
    {
        using var response = await _node.GetAsync($"{path}/summary");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
        Assert.That(
            await response.Content.ReadAsStringAsync(),
            Is.EqualTo("""{"protocol":1,"count":0,"fingerprint":"7f9c9e31ac8256ca2f258583df262dbc","perAuthor":16,"reconcile":true}"""));
    }

    [Test]
    public async Task Summary_counts_tombstones_and_contains_the_limit_per_author()
    {
        await using var node = await TestNode.StartAsync(options => options.LinktreesPerAuthor = 4);
        await node.SubmitAsync(TestNode.Signed());
        await node.SubmitAsync(TestNode.Signed("v", deleted: true, taskId: TestNode.TaskId));

        var summary = await node.Client.GetStringAsync($"{TestNode.LongPath}/summary");

        Assert.That(summary, Does.StartWith("""{"protocol":1,"count":2,"fingerprint":""").And.Contains("\"perAuthor\":4"));
    }

    [Test]
    public async Task Head_of_a_summary_has_no_body()
    {
        using var response = await _node.SendAsync(HttpMethod.Head, $"{TestNode.LongPath}/summary");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Message_gets_a_message([Values("application/octet-stream", null)] string? contentType)
    {
        var held = await _node.SubmitAsync(TestNode.Signed());

        using var response = await PostAsync("reconcile", EmptySet, contentType);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/octet-stream"));
        Assert.That(Convert.ToHexStringLower(await response.Content.ReadAsByteArrayAsync()), Is.EqualTo($"6100000201{held.Id}"));
    }

    [TestCase("")]
    [TestCase("60")]
    [TestCase("61000003")]
    [TestCase("61000002")]
    [TestCase("610000027f00")]
    public async Task Malformed_message_is_a_400(string hex)
    {
        using var response = await PostAsync("reconcile", Convert.FromHexString(hex));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [Test]
    public async Task Each_record_is_fetched_once()
    {
        var first = await _node.SubmitAsync(TestNode.Signed("a"));
        var second = await _node.SubmitAsync(TestNode.Signed("b", deleted: true, taskId: TestNode.TaskId));

        using var response = await PostAsync("fetch", [.. Bytes(second.Id), .. new byte[32], .. Bytes(first.Id), .. Bytes(second.Id)]);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json; charset=utf-8"));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo($"[{Keyed(second)},{Keyed(first)}]"));
    }

    [Test]
    public async Task Unknown_ids_get_an_empty_array()
    {
        using var response = await PostAsync("fetch", new byte[32]);

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Fetched_records_are_compressed_where_gzip_is_preferred()
    {
        var held = await _node.SubmitAsync(TestNode.Signed());
        using var request = Request("fetch", Bytes(held.Id));
        request.Headers.AcceptEncoding.ParseAdd("gzip");

        using var response = await _node.Client.SendAsync(request);

        Assert.That(response.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "gzip" }));
        Assert.That(response.Headers.Vary, Is.EqualTo(new[] { "Accept-Encoding" }));
        using var text = new StreamReader(new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        Assert.That(await text.ReadToEndAsync(), Is.EqualTo($"[{Keyed(held)}]"));
    }

    [Test]
    public async Task Fetch_ends_with_the_record_that_takes_it_to_4_MiB()
    {
        await using var node = await TestNode.StartAsync(options => options.LinktreesPerAuthor = 200);
        var ids = new List<byte>();
        for (var i = 0; i < 80; i++)
            ids.AddRange(Bytes((await node.SubmitAsync(TestNode.Signed($"u{i}", name: new string('x', 65_000)))).Id));

        using var response = await node.Client.SendAsync(Request("fetch", [.. ids]));
        var text = await response.Content.ReadAsStringAsync();

        Assert.That(text.Length, Is.InRange(4 * 1024 * 1024, (4 * 1024 * 1024) + 66_000));
        Assert.That(text, Does.EndWith("}}]"));
    }

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public async Task Body_that_is_not_a_sequence_of_ids_is_a_400(int length)
    {
        using var response = await PostAsync("fetch", new byte[length]);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [TestCase("reconcile", LinktreeResponder.MaxMessageBytes)]
    [TestCase("fetch", 1_000 * 32)]
    public async Task Body_beyond_the_limit_is_a_413(string path, int limit)
    {
        using var within = await PostAsync(path, new byte[limit]);
        Assert.That(within.StatusCode, Is.Not.EqualTo(HttpStatusCode.RequestEntityTooLarge));

        using var beyond = await PostAsync(path, new byte[limit + 1]);
        await ProblemAssert.IsProblemAsync(beyond, HttpStatusCode.RequestEntityTooLarge);
    }

    [Test]
    public async Task Body_of_unknown_length_beyond_the_limit_is_a_413([Values("reconcile", "fetch")] string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestNode.LongPath}/{path}") { Content = new LongContent() };

        using var response = await _node.Client.SendAsync(request);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Test]
    public async Task Other_content_type_is_a_415(
        [Values("reconcile", "fetch")] string path, [Values("text/plain", "application/json", "nonsense")] string contentType)
    {
        using var response = await PostAsync(path, EmptySet, contentType);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [Test]
    public async Task Content_coding_is_a_415([Values("reconcile", "fetch")] string path)
    {
        using var request = Request(path, EmptySet);
        request.Content!.Headers.ContentEncoding.Add("gzip");

        using var response = await _node.Client.SendAsync(request);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [Test]
    public async Task Coding_that_changes_nothing_is_accepted([Values("identity", "")] string coding)
    {
        using var request = Request("reconcile", EmptySet);
        request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", coding);

        using var response = await _node.Client.SendAsync(request);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("summary", "POST", "GET, HEAD")]
    [TestCase("reconcile", "GET", "POST")]
    [TestCase("fetch", "PUT", "POST")]
    public async Task Other_method_is_a_405_with_Allow(string path, string method, string allowed)
    {
        using var response = await _node.SendAsync(new HttpMethod(method), $"{TestNode.LongPath}/{path}");

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.MethodNotAllowed);
        Assert.That(string.Join(", ", response.Content.Headers.Allow), Is.EqualTo(allowed));
    }

    private static byte[] Bytes(LinktreeId id) => id.AsSpan().ToArray();

    private static string Keyed(SignedLinktree linktree) => $$"""{"key":"linktree:{{linktree.Author}}","value":{{TestNode.RecordJson(linktree)}}}""";

    private static HttpRequestMessage Request(string path, byte[] body, string? contentType = "application/octet-stream")
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return new HttpRequestMessage(HttpMethod.Post, $"{TestNode.LongPath}/{path}") { Content = content };
    }

    private Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? contentType = "application/octet-stream") =>
        _node.Client.SendAsync(Request(path, body, contentType));

    /// <summary>Ten times the limit of the largest body, of unknown length.</summary>
    private sealed class LongContent : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var i = 0; i < 320; i++)
                await stream.WriteAsync(new byte[16 * 1024]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
