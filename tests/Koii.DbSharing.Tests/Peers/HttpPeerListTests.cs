using System.Net;
using System.Net.Sockets;
using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

/// <summary>The forms in which real nodes serve their lists.</summary>
internal sealed class HttpPeerListTests : PeerClientFixture
{
    private const string AllPath = "/task/T/linktree/all";
    private const string ListPath = "/task/T/linktree/list";

    [Test]
    public async Task Keyed_list_of_an_older_node_is_read_from_all()
    {
        var linktrees = Linktrees(3);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json(Keyed(linktrees))));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure, Is.Null);
        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath]));
    }

    [Test]
    public async Task Bare_list_of_a_newer_node_is_read_from_list_with_its_duplicates()
    {
        var linktree = Linktrees(1)[0];
        await using var peer = LoopbackPeer.Serve(("/list", Answers.Json(Bare(linktree, linktree))));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo((SignedLinktree[])[linktree, linktree]));
        Assert.That(pages[^1].Failure, Is.Null);
        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath, ListPath]));
    }

    [Test]
    public async Task Path_that_worked_is_asked_first_the_next_time()
    {
        await using var peer = LoopbackPeer.Serve(("/list", Answers.Json("[]")));

        await PullAsync(peer);
        await PullAsync(peer);

        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath, ListPath, ListPath]));
    }

    [Test]
    public async Task Paths_of_many_peers_are_forgotten_at_once()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(
            exchange.Request.Path.EndsWith("/list", StringComparison.Ordinal) ? Answers.Json("[]") : Answers.Status("404 Not Found")));
        var first = NodeAddress.Parse($"{peer.Url}/0");
        for (var number = 0; number < HttpPeer.MaxRememberedPaths; number++)
            await PullAsync(NodeAddress.Parse($"{peer.Url}/{number}"));

        await PullAsync(first);
        Assert.That(peer.Paths.Last(), Does.EndWith("/list"), "remembered");
        Assert.That(peer.Paths.SkipLast(1).Last(), Does.Not.StartWith("/0/"));
        await PullAsync(NodeAddress.Parse($"{peer.Url}/more"));
        await PullAsync(first);

        Assert.That(peer.Paths.TakeLast(2), Is.EqualTo(new[] { $"/0{AllPath}", $"/0{ListPath}" }));
    }

    [Test]
    public async Task Path_that_no_longer_works_is_replaced_by_the_other()
    {
        var hasMoved = false;
        await using var peer = LoopbackPeer.Start(exchange =>
            exchange.WriteAsync(exchange.Request.Path == ListPath != hasMoved ? Answers.Json("[]") : Answers.Status("404 Not Found")));
        await PullAsync(peer);
        hasMoved = true;

        await PullAsync(peer);
        await PullAsync(peer);

        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath, ListPath, ListPath, AllPath, AllPath]));
    }

    [Test]
    public async Task Empty_list_sent_as_html_is_a_list()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Html("[]")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.Null);
        Assert.That(page.Linktrees, Is.Empty);
        Assert.That(page.BytesReceived, Is.EqualTo(2));
        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath]));
    }

    [Test]
    public async Task Plain_404_on_both_paths_is_an_empty_list()
    {
        await using var peer = LoopbackPeer.Serve();

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.Null);
        Assert.That(page.Linktrees, Is.Empty);
        Assert.That(page.EntityTag, Is.Null);
        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath, ListPath]));
    }

    [TestCase("<!DOCTYPE html><p>Hello")]
    [TestCase("""{"message":"no such thing"}""")]
    [TestCase("")]
    public async Task Body_that_is_not_an_array_leads_to_the_other_path(string body)
    {
        var linktrees = Linktrees(2);
        var list = Bare(linktrees);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Html(body)), ("/list", Answers.Json(list)));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages[^1].Failure, Is.Null);
        Assert.That(pages.Sum(page => page.BytesReceived), Is.EqualTo(body.Length + list.Length), "both bodies were received");
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    public async Task No_array_on_either_path_is_not_a_list(bool htmlAtAll, bool htmlAtList)
    {
        var missing = Answers.Status("404 Not Found");
        var html = Answers.Html("<p>Hello");
        await using var peer = LoopbackPeer.Serve(("/all", htmlAtAll ? html : missing), ("/list", htmlAtList ? html : missing));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.NotAList));
    }

    [TestCase("500 Internal Server Error", 500, PeerFailureKind.HttpStatus)]
    [TestCase("204 No Content", 204, PeerFailureKind.HttpStatus)]
    [TestCase("401 Unauthorized", 401, PeerFailureKind.HttpStatus)]
    [TestCase("422 Unprocessable Entity", 422, PeerFailureKind.TaskNotRunning)]
    [TestCase("304 Not Modified", 304, PeerFailureKind.ProtocolViolation)]
    public async Task Other_status_is_a_failure_of_the_peer(string status, int code, PeerFailureKind kind)
    {
        // 204 and 304 have no body by definition.
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync($"HTTP/1.1 {status}\r\n{(code is 204 or 304 ? "" : "Content-Length: 2\r\n")}\r\n{(code is 204 or 304 ? "" : "{}")}"));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.EqualTo(new PeerFailure(kind) { StatusCode = code }));
        Assert.That(peer.Paths, Is.EqualTo((string[])[AllPath]));
    }

    [TestCase(503, "3600", 3600)]
    [TestCase(429, "0", 0)]
    [TestCase(503, "99999999999999999999999", 3_600)]
    [TestCase(503, "Thu, 01 Jan 2026 00:02:00 GMT", 120)]
    [TestCase(503, "Thu, 01 Jan 2099 00:00:00 GMT", 3_600)]
    [TestCase(503, "Thu, 01 Jan 2015 00:00:00 GMT", 0)]
    [TestCase(503, "soon", null)]
    [TestCase(503, "-1", null)]
    [TestCase(500, "3600", null)]
    public async Task Retry_after_is_reported_in_both_forms_and_up_to_an_hour(int status, string retryAfter, int? seconds)
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status($"{status} X", "{}", headers: $"Retry-After: {retryAfter}\r\n")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.HttpStatus)
        {
            StatusCode = status,
            RetryAfter = seconds is null ? null : TimeSpan.FromSeconds(seconds.Value),
        }));
    }

    [TestCase(301)]
    [TestCase(302)]
    [TestCase(307)]
    [TestCase(308)]
    public async Task Redirect_is_not_followed(int status)
    {
        await using var inside = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status($"{status} X", headers: $"Location: {inside.Url}{AllPath}\r\n")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.EqualTo(Redirected(status, inside.Url)));
        Assert.That(inside.Connections, Is.Zero);
    }

    [TestCase("https://node.example/all", "https://node.example:443")]
    [TestCase("HTTPS://user:secret@B\u00fccher.example/?q", null)]
    [TestCase("HTTPS://user:secret@Node.Example:8443/?q#f", "https://node.example:8443")]
    [TestCase("//other.example/x", "http://other.example:80")]
    [TestCase("https://[2001:DB8::1]/", "https://[2001:db8::1]:443")]
    [TestCase("ftp://node.example/", null)]
    [TestCase("javascript:alert(1)", null)]
    [TestCase("https://no de.example/", null)]
    [TestCase("https://", null)]
    [TestCase("http://x'><script>.example/", null)]
    public async Task Failure_names_scheme_host_and_port_of_the_redirect_and_nothing_else_of_it(string location, string? target)
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Raw("301 X", [], $"Location: {location}\r\n")));

        Assert.That((await PullAsync(peer)).Single().Failure, Is.EqualTo(Redirected(301, target)));
        Assert.That((await Client.GetSummaryAsync(peer.Address)).Failure, Is.EqualTo(Redirected(301, target)));
    }

    [Test]
    public async Task Redirect_to_another_path_names_the_peer_itself()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status("308 X", headers: "Location: /base/all\r\n")));

        Assert.That((await PullAsync(peer)).Single().Failure, Is.EqualTo(Redirected(308, peer.Url)));
    }

    [Test]
    public async Task Redirect_without_a_target_is_one()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status("302 X")));

        Assert.That((await PullAsync(peer)).Single().Failure, Is.EqualTo(Redirected(302, null)));
    }

    private static PeerFailure Redirected(int status, string? target) => new(PeerFailureKind.Redirected)
    {
        StatusCode = status,
        Detail = target is null
            ? "It redirects without a valid target, and redirects are not followed."
            : $"It redirects to {target}, and redirects are not followed: set the URL that it redirects to in the option Nodes, or where the node is registered.",
    };

    [Test]
    public async Task Redirect_to_the_metadata_address_is_reported_as_one()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status("301 Moved", headers: "Location: http://169.254.169.254/latest/meta-data\r\n")));

        var page = (await PullAsync(peer)).Single();

        Assert.That(page.Failure, Is.EqualTo(Redirected(301, "http://169.254.169.254:80")));
    }

    [Test]
    public async Task Refused_connection_is_unreachable()
    {
        using var port = new RefusingPort();

        var page = (await PullAsync(NodeAddress.Parse(port.Url))).Single();

        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
    }

    [Test]
    public async Task Speaking_tls_to_a_plain_port_is_unreachable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var pull = PullAsync(NodeAddress.Parse($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        using var connection = await listener.AcceptTcpClientAsync();
        await connection.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        connection.Client.Shutdown(SocketShutdown.Send);

        Assert.That((await pull).Single().Failure?.Kind, Is.EqualTo(PeerFailureKind.Unreachable));
    }

    [Test]
    public async Task Task_and_resource_are_escaped_in_the_path()
    {
        Options.TaskId = "a/b?";
        Options.ResourceName = "ö";
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));

        await PullAsync(NodeAddress.Parse(peer.Url + "/base/"));

        Assert.That(peer.Paths, Is.EqualTo((string[])["/base/task/a%2Fb%3F/%C3%B6/all"]));
    }

    [Test]
    public async Task Request_has_no_headers_but_host_encoding_and_user_agent()
    {
        using var activity = new System.Diagnostics.Activity("round").Start();
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]", "Set-Cookie: a=b\r\n")));

        await PullAsync(peer);
        await PullAsync(peer);

        Assert.That(peer.Requests.SelectMany(request => request.Headers.Keys).Distinct(), Is.EquivalentTo((string[])["Host", "Accept-Encoding", "User-Agent"]));
        Assert.That(peer.Requests.Select(request => request.Headers["Accept-Encoding"]), Is.All.EqualTo("gzip"));
        Assert.That(peer.Requests.Select(request => request.Headers["User-Agent"]), Is.All.Matches(@"^Koii\.DbSharing/\d+\.\d+\.\d+$"));
        Assert.That(peer.Connections, Is.EqualTo(1), "a list that was read to its end leaves the connection usable");
    }

    [Test]
    public async Task Two_readings_with_the_same_malformed_elements_have_the_same_digest_and_one_with_others_has_not()
    {
        var linktree = Record(Linktrees(1).Single());
        string[] bodies = [$"[1,{linktree},{{}}]", $"[{{}},1]", $"[1,{{}},{linktree[..^5]}!{linktree[^4..]}]", $"[{linktree}]"];
        var reading = 0;
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Json(bodies[reading])));

        var digests = new List<ulong>();
        for (; reading < bodies.Length; reading++)
            digests.Add((await PullAsync(peer)).Aggregate(0UL, (sum, page) => sum + page.MalformedDigest));

        Assert.That(digests[1], Is.EqualTo(digests[0]), "whatever their order and the records beside them");
        Assert.That(digests.Distinct().Count(), Is.EqualTo(3));
        Assert.That(digests[3], Is.Zero);
    }

    [Test]
    public async Task Elements_of_other_forms_are_counted_and_skipped()
    {
        var linktrees = Linktrees(2);
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json($"\uFEFF[{Record(linktrees[0])},1,{{}},null,{Record(linktrees[1])}]")));

        var pages = await PullAsync(peer);

        Assert.That(RecordsOf(pages), Is.EqualTo(linktrees));
        Assert.That(pages.Sum(page => page.Malformed.Values.Sum()), Is.EqualTo(3));
        Assert.That(pages[^1].Failure, Is.Null);
    }
}
