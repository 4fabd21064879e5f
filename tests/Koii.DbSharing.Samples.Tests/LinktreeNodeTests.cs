using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The node sample as its operator meets it: settings, report and exit codes.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LinktreeNodeTests : IDisposable
{
    private const string NobodyListens = "http://127.0.0.1:1";

    private readonly NodeFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Exit_code_is_0_when_every_peer_answered()
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
        Assert.That(proxy.Pending(), Is.False, "nobody came to the proxy");
    }

    [Test]
    public async Task Exit_code_is_1_when_the_configuration_is_wrong_and_every_error_is_named()
    {
        var (exitCode, output, error) = await _folder.RunAsync(
            "--Share:Once=perhaps", "--Store:Provider=Oracle", "--DbSharing:Interval=soon", "--DbSharing:Intervall=00:00:20", "--DbSharing:FanOut=0", "--DbSharing:Nodes:0=ftp://x");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Is.Empty);
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(7));
        Assert.That(lines, Has.One.Contains("Share:Once is 'perhaps'"));
        Assert.That(lines, Has.One.EqualTo("Store:Provider is 'Oracle'; it must be one of Sqlite, PostgreSql, InMemory."));
        Assert.That(lines, Has.One.Contains("Interval is 'soon'"));
        Assert.That(lines, Has.One.Contains("Intervall is '00:00:20'"));
        Assert.That(lines, Has.One.Contains("FanOut is 0"));
        Assert.That(lines, Has.One.Contains("ftp://x"));
        Assert.That(lines, Has.One.Contains("TaskId is ''"));
    }

    [TestCase("--Store:ConnectionString=Data Source=no/such/folder/node.db")]
    [TestCase("--Store:ConnectionString=Nonsense=1")]
    [TestCase("--Store:Provider=PostgreSql")]
    [TestCase("--Store:Provider=PostgreSql", "--Store:ConnectionString=Host=127.0.0.1;Port=1")]
    public async Task Exit_code_is_1_when_the_database_cannot_be_had(params string[] store)
    {
        var (exitCode, output, error) = await _folder.RunAsync([$"--DbSharing:TaskId={NodeFolder.TaskId}", .. store]);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Is.Empty);
        Assert.That(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1), error);
    }

    [Test]
    public async Task Exit_code_is_2_when_no_node_list_could_be_had()
    {
        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:ServiceUrl={NobodyListens}");

        Assert.That(exitCode, Is.EqualTo(2), error);
        using var report = JsonDocument.Parse(output);
        Assert.That(report.RootElement.GetProperty("outcome").GetString(), Is.EqualTo("NoNodeList"));
    }

    [Test]
    public async Task Exit_code_is_3_when_a_peer_did_not_answer()
    {
        using var other = new NodeFolder();
        var (serving, url) = await other.ServeAsync();
        await using var end = serving;

        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:Nodes:0={url}", $"--DbSharing:Nodes:1={NobodyListens}");

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

        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--urls=http://{taken.LocalEndpoint}", $"--DbSharing:ServiceUrl={NobodyListens}");

        Assert.That(exitCode, Is.EqualTo(2), error);
        Assert.That(output.TrimEnd(), Does.StartWith("{").And.EndsWith("}").And.Not.Contain("\n"));
    }

    [Test]
    public async Task Every_option_can_be_set()
    {
        var (exitCode, _, error) = await _folder.ShareOnceAsync([.. Arguments("DbSharing", typeof(DbSharingOptions)), $"--DbSharing:TaskId={NodeFolder.TaskId}"]);

        Assert.That(exitCode, Is.EqualTo(3), error); // The only node does not answer; nothing was wrong with the settings.

        static IEnumerable<string> Arguments(string section, Type options) => options.GetProperties(BindingFlags.Public | BindingFlags.Instance).SelectMany(option =>
            option.PropertyType == typeof(int) || option.PropertyType == typeof(long) ? [$"--{section}:{option.Name}=140000"]
            : option.PropertyType == typeof(TimeSpan) ? [$"--{section}:{option.Name}=00:00:07"]
            : option.PropertyType == typeof(bool) ? [$"--{section}:{option.Name}=true"]
            : option.PropertyType == typeof(IList<string>) ? [$"--{section}:{option.Name}:0=http://127.0.0.1:{option.Name.Length}"]
            : option.PropertyType == typeof(string) ? [$"--{section}:{option.Name}={(option.Name.EndsWith("Url") ? NobodyListens : "word")}"]
            : Arguments($"{section}:{option.Name}", option.PropertyType));
    }

    [Test]
    public async Task A_path_that_is_nobodys_is_a_problem()
    {
        var (serving, url) = await _folder.ServeAsync();
        await using var end = serving;
        using var client = new HttpClient();

        using var response = await client.GetAsync($"{url}/task/other/linktree/all");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("""{"type":"about:blank","status":404}"""));
    }
}
