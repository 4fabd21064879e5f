using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary><c>POST</c> of a record (protocol §3).</summary>
public sealed class SubmissionEndpointTests
{
    private const string Registered = """{"message":"Proof and linktree registered successfully"}""";
    private const string Marker = "MarkerOfTheSender";

    private TestNode _node = null!;

    [SetUp]
    public async Task StartAsync() => _node = await TestNode.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [Test]
    public async Task Valid_record_gets_the_text_that_the_front_end_compares()
    {
        using var response = await _node.PostAsync(TestNode.Signed());

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json; charset=utf-8"));
        Assert.That(response.Headers.CacheControl!.NoStore, Is.True);
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Registered));
        Assert.That(await _node.Client.GetStringAsync($"{TestNode.LongPath}/list"), Is.EqualTo($"[{TestNode.RecordJson(TestNode.Signed())}]"));
    }

    [Test]
    public async Task Client_of_the_library_submits_a_record()
    {
        await using var node = await TestNode.StartAsync(new InMemoryLinktreeStore(new DbSharingOptions { TaskId = TestNode.TaskId }), onSocket: true);
        var client = new LinktreeClient(node.Client, TestNode.TaskId);
        var address = NodeAddress.Parse(node.Client.BaseAddress!.AbsoluteUri);

        var stored = await client.SubmitAsync(address, TestNode.Signed(timestamp: TestNode.Time + 1));
        var older = await client.SubmitAsync(address, TestNode.Signed());
        var elsewhere = await new LinktreeClient(node.Client, "other").SubmitAsync(address, TestNode.Signed());

        Assert.That((stored.Status, older.Status), Is.EqualTo((SubmissionStatus.Stored, SubmissionStatus.Superseded)));
        Assert.That(elsewhere.Detail, Does.StartWith("This node does not serve this task"));
    }

    [Test]
    public async Task Put_is_a_submission([Values("/linktree", TestNode.LongPath)] string path)
    {
        await _node.SubmitAsync(TestNode.Signed("old"));
        var edited = TestNode.Signed("fresh", TestNode.Time + 1);

        using var response = await _node.Client.PutAsync(path, new StringContent($$"""{"payload":{{TestNode.RecordJson(edited)}}}"""));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Registered));
        Assert.That(await _node.Client.GetStringAsync($"{path}/get/{edited.Author}"), Is.EqualTo(TestNode.RecordJson(edited)));
    }

    [Test]
    public async Task Known_record_gets_the_same_response()
    {
        await _node.SubmitAsync(TestNode.Signed());

        using var response = await _node.PostAsync(TestNode.Signed());

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Registered));
    }

    [Test]
    public async Task Older_record_is_a_409()
    {
        await _node.SubmitAsync(TestNode.Signed(timestamp: TestNode.Time + 1));

        using var response = await _node.PostAsync(TestNode.Signed(name: Marker));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.Conflict, Marker);
    }

    [Test]
    public async Task Record_from_the_future_is_a_400()
    {
        using var response = await _node.PostAsync(TestNode.Signed(timestamp: 9_007_199_254_740_991, name: Marker));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest, Marker);
    }

    [Test]
    public async Task New_author_at_a_full_node_is_a_507()
    {
        await using var node = await TestNode.StartAsync(options => options.MaxRecords = 1);
        await node.SubmitAsync(TestNode.Signed());

        using var response = await node.PostAsync(TestNode.Signed(author: TestNode.Signer(2), name: Marker));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.InsufficientStorage, Marker);
    }

    [Test]
    public async Task Forged_record_is_a_400()
    {
        var signed = TestNode.Signed(name: Marker);
        var forged = TestNode.RecordJson(signed).Replace(TestNode.Time.ToString(), (TestNode.Time + 1).ToString());

        using var response = await _node.PostAsync($$"""{"payload":{{forged}}}""");

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest, Marker, signed.Author.ToString());
        Assert.That(await _node.Client.GetStringAsync($"{TestNode.LongPath}/list"), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Record_of_another_task_is_a_400()
    {
        using var response = await _node.PostAsync(TestNode.Signed(taskId: Marker));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest, Marker);
    }

    [TestCase("")]
    [TestCase(Marker)]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("""{"payload":null}""")]
    [TestCase("""{"payload":[{"MarkerOfTheSender":1}]}""")]
    [TestCase("""{"payload":{"MarkerOfTheSender":1}}""")]
    [TestCase("""{"payload":{"data":{"uuid":"MarkerOfTheSender","timestamp":1},"publicKey":"MarkerOfTheSender","signature":"x"}}""")]
    [TestCase("""{"payload":{"data":{"uuid":"u"},"publicKey":"AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9","signature":"MarkerOfTheSender"}""")]
    public async Task Malformed_body_is_a_400_that_does_not_repeat_it(string body)
    {
        using var response = await _node.PostAsync(body);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest, Marker);
    }

    [Test]
    public async Task Record_without_payload_is_a_400()
    {
        using var response = await _node.PostAsync(TestNode.RecordJson(TestNode.Signed()));

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [TestCase(null)]
    [TestCase("text/plain")]
    [TestCase("application/json")]
    [TestCase("multipart/form-data; boundary=x")]
    public async Task Any_content_type_is_accepted(string? contentType)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"payload":{{TestNode.RecordJson(TestNode.Signed())}}}"""));
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

        using var response = await _node.Client.PostAsync(TestNode.LongPath, content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Byte_order_mark_is_skipped()
    {
        using var response = await _node.PostAsync($$"""{{'\uFEFF'}}{"payload":{{TestNode.RecordJson(TestNode.Signed())}}}""");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("identity")]
    [TestCase("Identity")]
    [TestCase("")]
    [TestCase("identity, identity")]
    public async Task Coding_that_changes_nothing_is_accepted(string coding)
    {
        var content = new StringContent($$"""{"payload":{{TestNode.RecordJson(TestNode.Signed())}}}""");
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);

        using var response = await _node.Client.PostAsync(TestNode.LongPath, content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("application/json; charset=utf-16")]
    [TestCase("application/json; charset=\"UTF-16LE\"")]
    [TestCase("application/json")]
    [TestCase(null)]
    public async Task Utf16_is_a_415_that_names_UTF8(string? contentType)
    {
        var content = new ByteArrayContent([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")]);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

        using var response = await _node.Client.PostAsync(TestNode.LongPath, content);

        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("UTF-8"));
        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.UnsupportedMediaType);
    }

    [TestCase("gzip")]
    [TestCase("identity, gzip")]
    public async Task Content_coding_is_a_415(string coding)
    {
        var content = new StringContent(Marker);
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);

        using var response = await _node.Client.PostAsync(TestNode.LongPath, content);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.UnsupportedMediaType, Marker);
    }

    [Test]
    public async Task A_body_of_the_greatest_length_is_read()
    {
        var body = $$"""{"payload":{{TestNode.RecordJson(TestNode.Signed())}}}""".PadRight(LinktreeResponder.MaxSubmissionBytes);

        using var response = await _node.PostAsync(body);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Longer_body_is_a_413([Values] bool announced, [Values] bool onSocket)
    {
        await using var node = onSocket ? await TestNode.StartAsync(new PagedStore(pages: 1), onSocket) : await TestNode.StartAsync();
        var body = $$"""{"payload":{{TestNode.RecordJson(TestNode.Signed())}}}""".PadRight(LinktreeResponder.MaxSubmissionBytes + 1);
        var request = new HttpRequestMessage(HttpMethod.Post, TestNode.LongPath) { Content = new StringContent(body) };
        request.Headers.TransferEncodingChunked = !announced;

        using var response = await node.Client.SendAsync(request);

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Test]
    public async Task Record_with_too_much_data_is_a_413()
    {
        var data = $$"""{"uuid":"u","timestamp":1,"s":"{{new string('x', SignedLinktree.MaxDataBytes)}}"}""";
        var (author, signature) = (TestNode.Signer(1).PublicKey, TestNode.Signed().Signature);

        using var response = await _node.PostAsync($$$"""{"payload":{"data":{{{data}}},"publicKey":"{{{author}}}","signature":"{{{signature}}}"}}""");

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Test]
    public void Each_verdict_has_a_status()
    {
        var verdicts =
            from kind in Enum.GetValues<VerdictKind>()
            from reason in kind == VerdictKind.Rejected ? Enum.GetValues<RejectionReason>() : [RejectionReason.None]
            select new Verdict(kind, reason);

        foreach (var verdict in verdicts)
            Assert.That(VerdictResponse.Of(verdict).Status, Is.AnyOf(200, 400, 409, 413, 507), verdict.ToString());
    }
}
