using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>A compressed list of several pages, read by the clients that people use.</summary>
public sealed class GzipClientTests
{
    private const int Records = 1_300;

    private TestNode _node = null!;
    private string _list = null!;

    private string Url => new Uri(_node.Client.BaseAddress!, $"{TestNode.LongPath}/all").AbsoluteUri;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var store = new InMemoryLinktreeStore(new DbSharingOptions { TaskId = TestNode.TaskId });
        await store.PutAsync([.. Enumerable.Range(0, Records).Select(i => Samples.Create(author: i, timestamp: i))]);
        _node = await TestNode.StartAsync(store, onSocket: true);
        _list = await _node.Client.GetStringAsync(Url);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [Test]
    public async Task Net_reads_all_records()
    {
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = System.Net.DecompressionMethods.GZip });

        Assert.That(await client.GetStringAsync(Url), Is.EqualTo(_list));
    }

    [Test]
    public async Task Curl_reads_all_records() => Assert.That(await RunAsync(FindProgram("curl"), "-sS", "--compressed", Url), Is.EqualTo(_list));

    [Test]
    public async Task Node_reads_all_records()
    {
        const string Script = "fetch(process.argv[1]).then(r => r.text()).then(t => process.stdout.write(t))";

        Assert.That(await RunAsync(NodeJs.RequirePath(), "-e", Script, Url), Is.EqualTo(_list));
    }

    [Test]
    public async Task Chromium_reads_all_records()
    {
        // A browser shows JSON as the text of a page.
        var profile = Directory.CreateTempSubdirectory("koii-dbsharing-chromium-");
        try
        {
            var page = await RunAsync(
                FindProgram("chromium"), "--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile.FullName}", "--dump-dom", Url);

            Assert.That(System.Net.WebUtility.HtmlDecode(page), Does.Contain(_list));
        }
        finally
        {
            profile.Delete(recursive: true);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, AppContext.BaseDirectory, arguments);
        var (exitCode, output, error) = await process.EndAsync();
        Assert.That(exitCode, Is.Zero, error);
        return output;
    }

    private static string FindProgram(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        if (path is null)
            Prerequisite.IsMissing($"This test reads a list with {name}: install it, so that it is on the PATH.");
        return path;
    }
}
