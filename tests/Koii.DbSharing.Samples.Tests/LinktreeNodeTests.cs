using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The node sample as its operator uses it: settings, report and exit codes.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LinktreeNodeTests : IDisposable
{
    private const string RefusesConnections = "http://127.0.0.1:1";

    private readonly NodeFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Exit_code_is_0_when_every_peer_was_read()
    {
        using var other = new NodeFolder();
        var (serving, url) = await other.ServeAsync();
        await using var end = serving;

        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:Nodes:0={url}");

        Assert.That(exitCode, Is.Zero, error);
        using var report = JsonDocument.Parse(output);
        var peer = report.RootElement.GetProperty("peers")[0];
        Assert.That(report.RootElement.GetProperty("outcome").GetString(), Is.EqualTo("Completed"));
        Assert.That(peer.GetProperty("peer").GetProperty("url").GetString(), Is.EqualTo(url));
        Assert.That(peer.GetProperty("failure").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task Proxy_in_the_environment_has_no_effect()
    {
        using var other = new NodeFolder();
        var (serving, url) = await other.ServeAsync();
        await using var end = serving;
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        foreach (var variable in new[] { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" })
            _folder.Environment[variable] = $"http://{proxy.LocalEndpoint}";
        _folder.Environment["no_proxy"] = _folder.Environment["NO_PROXY"] = "";

        var (exitCode, _, error) = await _folder.ShareOnceAsync($"--DbSharing:Nodes:0={url}");

        Assert.That(exitCode, Is.Zero, error);
        Assert.That(proxy.Pending(), Is.False, "no connection was made to the proxy");
    }

    [Test]
    public async Task Exit_code_is_1_when_options_are_invalid_and_every_error_is_named()
    {
        var (exitCode, output, error) = await _folder.RunAsync(
            "--DbSharing:Interval=soon", "--DbSharing:Intervall=00:00:20", "--DbSharing:FanOut=0", "--DbSharing:Nodes:0=ftp://x");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Is.Empty);
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(5), error);
        Assert.That(lines, Has.One.StartsWith("DbSharing:Interval is 'soon'"));
        Assert.That(lines, Has.One.EqualTo("DbSharing:Intervall is not a setting of this section."));
        Assert.That(lines, Has.One.Contains("FanOut is 0"));
        Assert.That(lines, Has.One.Contains("ftp://x"));
        Assert.That(lines, Has.One.Contains("TaskId is ''"));
    }

    [TestCase("--Share:Once=perhaps", "Failed to convert configuration value 'perhaps' at 'Share:Once' to type 'System.Boolean'.")]
    [TestCase("--Store:Provider=Oracle", "Store:Provider is 'Oracle'; it must be Sqlite, PostgreSql or InMemory.")]
    public async Task Exit_code_is_1_when_a_setting_of_the_sample_is_invalid(string setting, string message)
    {
        var (exitCode, output, error) = await _folder.RunAsync($"--DbSharing:TaskId={NodeFolder.TaskId}", setting);

        Assert.That((exitCode, output, error.TrimEnd()), Is.EqualTo((1, "", message)));
    }

    [TestCase("--Store:ConnectionString=Data Source=no/such/folder/node.db")]
    [TestCase("--Store:ConnectionString=Nonsense=1")]
    [TestCase("--Store:Provider=PostgreSql")]
    [TestCase("--Store:Provider=PostgreSql", "--Store:ConnectionString=Host=127.0.0.1;Port=1")]
    public async Task Exit_code_is_1_when_the_database_cannot_be_opened(params string[] store)
    {
        var (exitCode, output, error) = await _folder.RunAsync([$"--DbSharing:TaskId={NodeFolder.TaskId}", .. store]);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Is.Empty);
        Assert.That(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1), error);
    }

    [Test]
    public async Task Exit_code_is_2_when_there_is_no_node_list()
    {
        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:ServiceUrl={RefusesConnections}");

        Assert.That(exitCode, Is.EqualTo(2), error);
        using var report = JsonDocument.Parse(output);
        Assert.That(report.RootElement.GetProperty("outcome").GetString(), Is.EqualTo("NoNodeList"));
    }

    [Test]
    public async Task Exit_code_is_3_when_a_peer_failed()
    {
        using var other = new NodeFolder();
        var (serving, url) = await other.ServeAsync();
        await using var end = serving;

        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:Nodes:0={url}", $"--DbSharing:Nodes:1={RefusesConnections}");

        Assert.That(exitCode, Is.EqualTo(3), error);
        using var report = JsonDocument.Parse(output);
        var failures = report.RootElement.GetProperty("peers").EnumerateArray().Select(peer => peer.GetProperty("failure")).Where(failure => failure.ValueKind == JsonValueKind.Object);
        Assert.That(failures.Select(failure => failure.GetProperty("kind").GetString()), Is.EqualTo(new[] { "Unreachable" }));
    }

    [Test]
    public async Task A_single_round_does_not_listen()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--urls=http://{taken.LocalEndpoint}", $"--DbSharing:ServiceUrl={RefusesConnections}");

        Assert.That(exitCode, Is.EqualTo(2), error);
        Assert.That(output.TrimEnd(), Does.StartWith("{").And.EndsWith("}").And.Not.Contain("\n"));
    }

    [TestCase(1)]
    [TestCase(16, "--DbSharing:LinktreesPerAuthor=16")]
    public async Task Author_has_one_linktree_unless_the_setting_is_another(int expected, params string[] settings)
    {
        var (serving, url) = await _folder.ServeAsync(settings);
        await using var end = serving;
        using var client = new HttpClient();

        using var summary = JsonDocument.Parse(await client.GetStringAsync($"{url}/linktree/summary"));

        Assert.That(summary.RootElement.GetProperty("perAuthor").GetInt32(), Is.EqualTo(expected));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "There are no signals.")]
    public async Task Node_that_is_terminated_while_clients_are_slow_ends_and_leaves_no_log_of_its_database()
    {
        var (serving, url) = await _folder.ServeAsync();
        await using var end = serving;
        using var author = new TcpClient();
        await author.ConnectAsync(IPAddress.Loopback, new Uri(url).Port);
        await author.GetStream().WriteAsync("POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n{"u8.ToArray());
        using (var client = new HttpClient())
            await client.GetStringAsync($"{url}/linktree/summary"); // The database is open, and the request above has begun.

        serving.Terminate();

        var (exitCode, _, error) = await serving.EndAsync();
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(_folder.FileNames, Is.EqualTo(new[] { "node.db" }));
    }

    [Test]
    public async Task An_unknown_path_is_answered_with_a_problem()
    {
        var (serving, url) = await _folder.ServeAsync();
        await using var end = serving;
        using var client = new HttpClient();

        using var response = await client.GetAsync($"{url}/task/other/linktree/all");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("\"status\":404").And.Contain("\"error\":"));
    }
}
