using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>An author's submission to a node, and what the node's answer means.</summary>
public sealed class LinktreeClientTests
{
    private static readonly NodeAddress Node = NodeAddress.Parse("http://node.example/base");
    private static readonly SignedLinktree Linktree = Samples.Signed(1);

    [Test]
    public async Task Record_is_posted_as_the_payload()
    {
        HttpRequestMessage? sent = null;
        string? body = null;
        using var client = new HttpClient(new Handler(async request =>
        {
            (sent, body) = (request, await request.Content!.ReadAsStringAsync());
            return Answer(200, """{"message":"Proof and linktree registered successfully"}""");
        }));

        var submission = await new LinktreeClient(client, "Task1", "profile").SubmitAsync(Node, Linktree);

        Assert.That(submission, Is.EqualTo(new SubmissionResult(SubmissionStatus.Stored)
        {
            StatusCode = 200,
            Detail = "Proof and linktree registered successfully",
        }));
        Assert.That((sent!.Method, sent.RequestUri!.AbsoluteUri), Is.EqualTo((HttpMethod.Post, "http://node.example/base/task/Task1/profile")));
        Assert.That(sent.Content!.Headers.ContentType!.MediaType, Is.EqualTo("application/json"));
        Assert.That(body, Is.EqualTo($$"""{"payload":{{Samples.Json(Linktree)}}}"""));
    }

    [TestCase(200, """{"message":"Something else"}""", SubmissionStatus.Unexpected, "Something else")]
    [TestCase(200, "[]", SubmissionStatus.Unexpected, null)]
    [TestCase(200, "<html>", SubmissionStatus.Unexpected, null)]
    [TestCase(200, "", SubmissionStatus.Unexpected, null)]
    [TestCase(200, """{"message":"\ud800"}""", SubmissionStatus.Unexpected, null)]
    [TestCase(400, """{"error":"The signature does not fit the record.","message":"m"}""", SubmissionStatus.Rejected, "The signature does not fit the record.")]
    [TestCase(409, """{"error":"A newer version is held."}""", SubmissionStatus.Superseded, "A newer version is held.")]
    [TestCase(413, "", SubmissionStatus.Rejected, null)]
    [TestCase(415, "", SubmissionStatus.Rejected, null)]
    [TestCase(408, "", SubmissionStatus.Busy, null)]
    [TestCase(429, "", SubmissionStatus.Busy, null)]
    [TestCase(503, "", SubmissionStatus.Busy, null)]
    [TestCase(507, "", SubmissionStatus.Full, null)]
    [TestCase(404, """{"error":7}""", SubmissionStatus.Unexpected, null)]
    [TestCase(302, "", SubmissionStatus.Unexpected, null)]
    public async Task Answer_of_the_node_is_a_result(int status, string body, SubmissionStatus expected, string? detail)
    {
        var submission = await SubmitAsync(_ => Task.FromResult(Answer(status, body)));

        Assert.That(submission, Is.EqualTo(new SubmissionResult(expected) { StatusCode = status, Detail = detail }));
    }

    [Test]
    public async Task Long_answer_is_cut()
    {
        Assert.That((await SubmitAsync(_ => Task.FromResult(Answer(400, $$"""{"error":"{{new string('x', 5_000)}}"}""")))).Detail, Has.Length.EqualTo(1000));
        Assert.That((await SubmitAsync(_ => Task.FromResult(Answer(400, $$"""{"error":"{{new string('x', 50_000)}}"}""")))).Detail, Is.Null);
    }

    [TestCase(60, 60)]
    [TestCase(1_000_000, 86_400)]
    public async Task Retry_After_is_at_most_a_day(int sent, int expected)
    {
        var submission = await SubmitAsync(_ =>
        {
            var answer = Answer(429, "");
            answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(sent));
            return Task.FromResult(answer);
        });

        Assert.That(submission.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(expected)));
    }

    [Test]
    public async Task Node_that_does_not_answer_is_a_result()
    {
        var refused = await SubmitAsync(_ => throw new HttpRequestException("Connection refused"));
        var late = await SubmitAsync(_ => throw new TaskCanceledException("The timeout of the client."));

        Assert.That((refused.Status, refused.StatusCode, refused.Detail), Is.EqualTo((SubmissionStatus.Unreachable, (int?)null, "Connection refused")));
        Assert.That(late.Status, Is.EqualTo(SubmissionStatus.Unreachable));
    }

    [Test]
    public void Cancellation_of_the_caller_is_an_exception()
    {
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        using var client = new HttpClient(new Handler(_ => Task.FromResult(Answer(200, ""))));

        Assert.That(() => new LinktreeClient(client, "Task1").SubmitAsync(Node, Linktree, canceled.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Wrong_arguments_are_exceptions()
    {
        using var client = new HttpClient();

        Assert.That(() => new LinktreeClient(null!, "Task1"), Throws.ArgumentNullException);
        Assert.That(() => new LinktreeClient(client, ""), Throws.ArgumentException);
        Assert.That(() => new LinktreeClient(client, "Task1", ""), Throws.ArgumentException);
    }

    private static async Task<SubmissionResult> SubmitAsync(Func<HttpRequestMessage, Task<HttpResponseMessage>> send)
    {
        using var client = new HttpClient(new Handler(send));
        return await new LinktreeClient(client, "Task1").SubmitAsync(Node, Linktree);
    }

    private static HttpResponseMessage Answer(int status, string body) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Handler(Func<HttpRequestMessage, Task<HttpResponseMessage>> send) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return send(request);
        }
    }
}
