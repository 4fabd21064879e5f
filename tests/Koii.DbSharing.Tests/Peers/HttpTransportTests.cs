using System.Diagnostics;
using System.Net;
using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

internal sealed class HttpTransportTests : PeerClientFixture
{
    private const string LeavesTask = "http://127.0.0.1:1";

    [Test]
    public async Task Engine_without_a_container_pulls_over_http()
    {
        using var author = LinktreeSigner.FromSeed(new byte[32]);
        var record = author.Sign("""{"uuid":"u","timestamp":1700000000000}"""u8);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(record))));
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json($$$"""[{"data":{"url":"{{{peer.Url}}}"}}]""")));
        (Options.ServiceUrl, Options.AllowPrivateAddresses) = (service.Url, true);
        var store = new InMemoryLinktreeStore(Options);
        using var http = new HttpTransport(Options);
        var engine = new ReplicationEngine(http.NodeDirectory, http.PeerClient, new Ed25519SignatureVerifier(), store, Options);

        var report = await engine.ShareAsync();

        Assert.That((await store.ListAsync(new LinktreeQuery())).Linktrees, Is.EqualTo(new[] { record }), report.ToString());
        Assert.That(peer.Paths, Has.Some.EndsWith("/summary"), "the client is a reconciler too");
    }

    [Test]
    public async Task Nodes_of_the_options_join_those_of_the_service()
    {
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json("""[{"data":{"url":"http://listed.example"}}]""")));
        Options.Nodes.Add("http://named.example");

        Assert.That(await NodesAsync(null), Is.EqualTo(new[] { "http://named.example" }));
        Assert.That(await NodesAsync(service.Url), Is.EqualTo(new[] { "http://listed.example", "http://named.example" }));

        async Task<IEnumerable<string>> NodesAsync(string? serviceUrl)
        {
            Options.ServiceUrl = serviceUrl;
            using var http = new HttpTransport(Options);
            return (await http.NodeDirectory.GetNodesAsync()).Nodes.Select(node => node.Url);
        }
    }

    [Test]
    public void Invalid_options_are_an_exception_that_names_all()
    {
        (Options.TaskId, Options.FanOut) = ("", 0);

        Assert.That(() => new HttpTransport(Options), Throws.ArgumentException.With.Message.Contains("TaskId is ''").And.Message.Contains("FanOut is 0"));
    }

    [Test]
    public void Call_after_disposal_fails()
    {
        var http = new HttpTransport(Options);
        http.Dispose();

        Assert.That(async () => await http.PeerClient.ReadAllAsync(NodeAddress.Parse(LeavesTask), null).ToListAsync(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Connection_that_is_not_made_times_out()
    {
        Limits.ConnectTimeout = TimeSpan.FromMilliseconds(1);
        using var handler = HttpTransport.CreateHandler(Limits, async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("The delay does not end.");
        });
        using var http = HttpTransport.CreateClient(handler);
        var client = ClientOn(http);

        var pages = await client.ReadAllAsync(NodeAddress.Parse("http://node.example"), null).ToListAsync();

        Assert.That(pages.Single().Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The connection was not made in time." }));
    }

    [Test]
    public void Handler_follows_no_redirect_and_uses_no_proxy_no_cookies_and_no_trace_headers()
    {
        using var handler = HttpTransport.CreateHandler(Limits, Connector.ConnectAsync);

        Assert.That((handler.AllowAutoRedirect, handler.UseCookies, handler.UseProxy, handler.AutomaticDecompression),
            Is.EqualTo((false, false, false, DecompressionMethods.None)));
        Assert.That((handler.ConnectTimeout, handler.MaxResponseDrainSize, handler.ActivityHeadersPropagator),
            Is.EqualTo((Limits.ConnectTimeout + TimeSpan.FromMilliseconds(500), 0, (DistributedContextPropagator?)null)));
    }
}
