using System.Net;
using System.Net.Sockets;
using System.Text;
using Koii.DbSharing.Http;
using Koii.DbSharing.Nodes;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Tests.Nodes;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class HttpNodeDirectoryTests : IDisposable
{
    private readonly FakeClock _clock = new();
    private readonly DbSharingOptions _options = new() { TaskId = "T" };
    private readonly LevelLogger _logger = new();
    private HttpClient? _http;

    [TearDown]
    public void NoTimerIsLeft() => Assert.That(_clock.IsIdle, Is.True, "a timer was left behind");

    public void Dispose() => _http?.Dispose();

    private HttpNodeDirectory Directory(string? serviceUrl)
    {
        _http = LoopbackHttp.CreateClient(_options.PeerLimits);
        _options.ServiceUrl = serviceUrl;
        return new HttpNodeDirectory(_http, _options, _clock, _logger);
    }

    private static string Entry(string url) => $$"""{"data":{"url":"{{url}}","timestamp":1681500000000},"signature":"s","owner":"o","submitterPubkey":"p","tasks":["T"]}""";

    private static NodeAddress[] Nodes(params string[] urls) => [.. urls.Select(NodeAddress.Parse)];

    private int Logged(LogLevel level) => _logger.Levels.Count(logged => logged == level);

    [Test]
    public async Task Urls_of_the_list_are_the_nodes()
    {
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json($"[{Entry("https://a.example/")},{Entry("http://b.example:3000")},{Entry("https://A.example")}]")));

        var listing = await Directory(service.Url + "/").GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo(Nodes("https://a.example", "http://b.example:3000")));
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That(listing.Problems, Is.Empty);
        Assert.That(service.Paths, Is.EqualTo((string[])["/nodes/T"]));
    }

    [Test]
    public async Task Base_path_is_kept_and_the_task_escaped()
    {
        _options.TaskId = "a/b";
        await using var service = LoopbackPeer.Serve(("b", Answers.Json("[]")));

        await Directory(service.Url + "/base/").GetNodesAsync();

        Assert.That(service.Paths, Is.EqualTo((string[])["/base/nodes/a%2Fb"]));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("17")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"signature":"without data"}""")]
    [TestCase("""{"data":null}""")]
    [TestCase("""{"data":[]}""")]
    [TestCase("""{"data":{}}""")]
    [TestCase("""{"data":{"url":17}}""")]
    [TestCase("""{"data":{"url":["http://x.example"]}}""")]
    [TestCase("""{"data":{"url":"undefined"}}""")]
    [TestCase("""{"data":{"url":"http://x.example?q"}}""")]
    [TestCase("""{"data":{"url":"http://x.example/\ud800"},}""")]
    [TestCase("""{"data":{"url":"\ud800"}}""")]
    [TestCase("""{"url":"http://x.example"}""")]
    [TestCase("{broken}")]
    [TestCase("}")]
    public async Task Element_of_another_form_costs_only_itself(string element)
    {
        var text = $"[{Entry("https://a.example")},{element},{Entry("https://b.example")}]";
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json(text)));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo(Nodes("https://a.example", "https://b.example")));
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.EndsWith(": 1."));
    }

    [Test]
    public async Task Depth_and_invalid_utf8_cost_only_themselves()
    {
        byte[] text = [.. Encoding.UTF8.GetBytes($"[{new string('[', 10_000)}{new string(']', 10_000)},\""), 0xff, .. Encoding.UTF8.GetBytes($"\",{Entry("https://a.example")}]")];
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Raw("200 OK", text, "")));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo(Nodes("https://a.example")));
        Assert.That(listing.Problems, Has.One.EndsWith(": 2."));
    }

    [Test]
    public async Task Escaped_url_and_byte_order_mark_and_html_and_gzip_are_read()
    {
        var text = "\uFEFF [ " + """{"d\u0061ta":{"url":"https:\/\/a.ex\u0061mple\/x"}}""" + " ]\n";
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Raw("200 OK", Answers.Gzip(text), "Content-Type: text/html\r\nContent-Encoding: gzip\r\n")));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Nodes, Is.EqualTo(Nodes("https://a.example/x")));
        Assert.That(listing.Problems, Is.Empty);
    }

    private static readonly object[] Failures =
    [
        new object[] { Answers.Json("""{"message":"No nodes here"}"""), "not a JSON array" },
        new object[] { Answers.Html("<p>Hello"), "not a JSON array" },
        new object[] { Answers.Json(""), "not a JSON array" },
        new object[] { Answers.Json("\"[]\""), "not a JSON array" },
        new object[] { Answers.Json("[{\"data\":"), "closing bracket" },
        new object[] { Answers.Status("500 No", "[]"), "status 500" },
        new object[] { Answers.Status("404 No", "[]"), "status 404" },
        new object[] { Answers.Status("301 Moved", headers: "Location: http://169.254.169.254/\r\n"), "status 301, a redirect to http://169.254.169.254:80, which is not followed: set the option ServiceUrl to the URL that it redirects to." },
        new object[] { Answers.Raw("200 OK", [1, 2], "Content-Encoding: br\r\n"), "content encoding" },
        new object[] { Answers.Raw("200 OK", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "Content-Encoding: gzip\r\n"), "damaged" },
        new object[] { "nonsense\r\n\r\n"u8.ToArray(), "HTTP" },
    ];

    [TestCaseSource(nameof(Failures))]
    public async Task Without_an_answer_there_is_no_list(byte[] answer, string problem)
    {
        await using var service = LoopbackPeer.Start(exchange => exchange.WriteAsync(answer));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Nodes, Is.Empty);
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.Contains(problem).And.None.Contains("No nodes here"));
    }

    [TestCaseSource(nameof(Failures))]
    public async Task Without_an_answer_the_last_good_list_serves(byte[] answer, string problem)
    {
        var asked = 0;
        await using var service = LoopbackPeer.Start(exchange => exchange.WriteAsync(asked++ is 1 or 2 ? answer : Answers.Json($"[{Entry("https://a.example")}]")));
        var directory = Directory(service.Url);

        await directory.GetNodesAsync();
        var stale = await directory.GetNodesAsync();
        await directory.GetNodesAsync();
        var fresh = await directory.GetNodesAsync();

        Assert.That(stale.Nodes, Is.EqualTo(Nodes("https://a.example")));
        Assert.That(stale.Status, Is.EqualTo(NodeListingStatus.Stale));
        Assert.That(stale.Problems, Has.Count.EqualTo(1).And.One.Contains(problem));
        Assert.That((fresh.Status, fresh.Problems.Count), Is.EqualTo((NodeListingStatus.Fresh, 0)));
        Assert.That((Logged(LogLevel.Warning), Logged(LogLevel.Information)), Is.EqualTo((1, 1)), "one line when it fails, one when it works again");
    }

    [TestCase(503, "120", 120)]
    [TestCase(429, "7200", 300)]
    [TestCase(503, "Thu, 01 Jan 2026 00:01:00 GMT", 60)]
    public async Task Requested_pause_is_respected_up_to_five_minutes_and_the_last_good_list_serves_meanwhile(int status, string retryAfter, int seconds)
    {
        var isBusy = false;
        await using var service = LoopbackPeer.Start(exchange => exchange.WriteAsync(isBusy
            ? Answers.Status($"{status} Busy", headers: $"Retry-After: {retryAfter}\r\n")
            : Answers.Json($"[{Entry("https://a.example")}]")));
        var directory = Directory(service.Url);
        await directory.GetNodesAsync();
        isBusy = true;
        await directory.GetNodesAsync();
        isBusy = false;

        _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
        var paused = await directory.GetNodesAsync();
        Assert.That(service.Requests, Has.Count.EqualTo(2));
        Assert.That((paused.Nodes, paused.Status), Is.EqualTo((Nodes("https://a.example"), NodeListingStatus.Stale)));
        Assert.That(paused.Problems, Has.Count.EqualTo(1).And.One.Contains($"status {status}").And.One.Contains("not called again before"));
        Assert.That(Logged(LogLevel.Warning), Is.EqualTo(1));

        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That((await directory.GetNodesAsync()).Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That((await directory.GetNodesAsync()).Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That(service.Requests, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Pause_without_a_list_before_leaves_no_list()
    {
        await using var service = LoopbackPeer.Start(exchange => exchange.WriteAsync(Answers.Status("503 Busy", headers: "Retry-After: 60\r\n")));
        var directory = Directory(service.Url);

        await directory.GetNodesAsync();

        Assert.That((await directory.GetNodesAsync()).Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(service.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Refused_connection_leaves_no_list()
    {
        using var port = new RefusingPort();

        var listing = await Directory(port.Url).GetNodesAsync();

        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(listing.Problems, Has.One.Contains("No connection"));
    }

    [TestCase(null, "not set")]
    [TestCase("", "not set")]
    [TestCase("undefined", "not valid")]
    [TestCase("localhost:8080", "not valid")]
    [TestCase("http://user:password@host", "not valid")]
    public async Task Service_url_that_is_not_a_url_is_one_warning_and_an_empty_list(string? serviceUrl, string problem)
    {
        var directory = Directory(serviceUrl);

        await directory.GetNodesAsync();
        var listing = await directory.GetNodesAsync();

        Assert.That(listing.Nodes, Is.Empty);
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.Contains("ServiceUrl").And.One.Contains(problem).And.None.Contains("password"));
        Assert.That(Logged(LogLevel.Warning), Is.EqualTo(1));
    }

    [Test]
    public async Task Elements_beyond_the_limit_are_not_read()
    {
        var text = $"[{string.Join(',', Enumerable.Range(0, 10_001).Select(number => Entry($"http://n{number}.example")))}]";
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json(text)));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Nodes, Has.Count.EqualTo(10_000));
        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Fresh));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.Contains("10000"));
    }

    [Test]
    public async Task List_beyond_the_limit_of_bytes_is_unavailable()
    {
        var text = $"[{Entry("https://a.example")}]";
        _options.PeerLimits.MaxNodeListBytes = text.Length - 1;
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json(text)));

        var listing = await Directory(service.Url).GetNodesAsync();

        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.Contains("limit of bytes"));
    }

    [Test]
    public async Task Gzip_bomb_is_unavailable()
    {
        _options.PeerLimits.MaxNodeListBytes = 100_000;
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Gzipped(Answers.Gzip($"[{new string(' ', 1_000_000)}]"))));

        Assert.That((await Directory(service.Url).GetNodesAsync()).Problems, Has.Count.EqualTo(1).And.One.Contains("limit of bytes"));
    }

    [Test]
    public async Task List_at_the_limit_of_bytes_is_read()
    {
        var text = $"[{Entry("https://a.example")}]";
        _options.PeerLimits.MaxNodeListBytes = text.Length;
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json(text)));

        Assert.That((await Directory(service.Url).GetNodesAsync()).Nodes, Has.Count.EqualTo(1));
    }

    [TestCase(false, "headers")]
    [TestCase(true, "next bytes")]
    public async Task Silence_leaves_no_list(bool inTheBody, string problem)
    {
        _options.PeerLimits.HeadersTimeout = TimeSpan.FromSeconds(11); // Told on the clock from the idle time-out.
        var timeout = inTheBody ? _options.PeerLimits.IdleTimeout : _options.PeerLimits.HeadersTimeout;
        await using var service = LoopbackPeer.Start(async exchange =>
        {
            if (inTheBody)
                await exchange.WriteAsync(Answers.ChunkedHead());
            await exchange.WaitForClientToLeaveAsync();
        });

        var asking = Directory(service.Url).GetNodesAsync().AsTask();
        await _clock.WhenTimerIsSetAsync(timeout);
        _clock.Advance(timeout);
        var listing = await asking;

        Assert.That(listing.Status, Is.EqualTo(NodeListingStatus.Unavailable));
        Assert.That(listing.Problems, Has.Count.EqualTo(1).And.One.Contains(problem));
    }

    [Test]
    public async Task Second_address_of_the_service_is_called_where_the_first_is_silent()
    {
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json($"[{Entry("https://a.example")}]")));
        var silent = IPAddress.Parse("2001:db8::1");
        using var connected = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var connector = new HostConnector(
            _options.PeerLimits.ConnectTimeout,
            _clock,
            (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([silent, IPAddress.Loopback]),
            async (address, cancellationToken) =>
            {
                if (address.Address.Equals(silent))
                    await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancellationToken);
                await connected.ConnectAsync(address, cancellationToken);
                return new NetworkStream(connected);
            });
        using var http = LoopbackHttp.CreateClient(_options.PeerLimits, connector);
        _options.ServiceUrl = $"http://service.example:{new Uri(service.Url).Port}";

        var asking = new HttpNodeDirectory(http, _options, _clock, _logger).GetNodesAsync().AsTask();
        await _clock.WhenTimerIsSetAsync(HostConnector.AttemptDelay);
        _clock.Advance(HostConnector.AttemptDelay);

        Assert.That((await asking).Nodes, Is.EqualTo(Nodes("https://a.example")));
    }

    [Test]
    public async Task Cancellation_by_the_caller_throws()
    {
        using var caller = new CancellationTokenSource();
        await using var service = LoopbackPeer.Start(exchange => exchange.WaitForClientToLeaveAsync());

        var asking = Directory(service.Url).GetNodesAsync(caller.Token).AsTask();
        await _clock.WhenTimerIsSetAsync(_options.PeerLimits.HeadersTimeout);
        await caller.CancelAsync();

        Assert.That(async () => await asking, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Logged(LogLevel.Warning), Is.Zero);
    }

    private sealed class LevelLogger : ILogger<HttpNodeDirectory>
    {
        public List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Levels.Add(logLevel);
    }
}
