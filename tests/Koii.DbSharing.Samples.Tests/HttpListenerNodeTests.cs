using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The sample that serves without ASP.NET Core, and a node that pulls from it.</summary>
public sealed class HttpListenerNodeTests
{
    private static readonly string[] Posted = ["u-1", "u-2"];

    [Test]
    public async Task Another_node_pulls_what_was_posted()
    {
        using var folder = new NodeFolder();
        var (process, url) = await StartAsync();
        await using var end = process;
        using var author = LinktreeSigner.FromSeed(new byte[32]);
        foreach (var uuid in Posted)
            Assert.That(await PostAsync(url, author.Sign(Encoding.UTF8.GetBytes($$"""{"uuid":"{{uuid}}","timestamp":1703802587522}"""))), Is.EqualTo(HttpStatusCode.OK));

        Assert.That(await PullAsync(), Is.EqualTo(("FullList", 2)), "the first time as a list");
        Assert.That(await PostAsync(url, author.Sign("""{"uuid":"u-1","timestamp":1703802587523}"""u8)), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await PostAsync(url, author.Sign("""{"uuid":"u-1","timestamp":1703802587522}"""u8)), Is.EqualTo(HttpStatusCode.Conflict));

        Assert.That((await PullAsync()).Changed, Is.EqualTo(1));
        Assert.That((await folder.HeldAsync()).Select(linktree => linktree.Uuid), Is.EquivalentTo(Posted));

        async Task<(string? Path, int Changed)> PullAsync()
        {
            var (exitCode, output, error) = await folder.ShareOnceAsync($"--DbSharing:Nodes:0={url}", "--DbSharing:LinktreesPerAuthor=16");
            Assert.That(exitCode, Is.Zero, error + output);
            using var report = JsonDocument.Parse(output);
            var verdicts = report.RootElement.GetProperty("verdicts");
            return (report.RootElement.GetProperty("peers")[0].GetProperty("path").GetString(), verdicts.GetProperty("inserted").GetInt32() + verdicts.GetProperty("replaced").GetInt32());
        }
    }

    [Test]
    public async Task Request_that_the_protocol_does_not_define_is_rejected()
    {
        var (process, url) = await StartAsync();
        await using var end = process;
        using var client = new HttpClient { BaseAddress = new Uri(url) };

        Assert.That((await client.GetAsync("")).StatusCode, Is.EqualTo(HttpStatusCode.OK), "the root");
        Assert.That((await client.GetAsync("task/other/linktree/all")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await client.PostAsync($"task/{NodeFolder.TaskId}/linktree/reconcile", new ByteArrayContent([1, 2, 3]))).StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await client.PostAsync($"task/{NodeFolder.TaskId}/linktree/fetch", new ByteArrayContent([1, 2, 3]))).StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That((await client.PostAsync($"task/{NodeFolder.TaskId}/linktree", new ByteArrayContent(new byte[300_000]))).StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    private static async Task<HttpStatusCode> PostAsync(string url, SignedLinktree linktree)
    {
        var body = new ArrayBufferWriter<byte>();
        LinktreeWriter.WriteSubmission(body, linktree);
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{url}task/{NodeFolder.TaskId}/linktree", new ReadOnlyMemoryContent(body.WrittenMemory));
        return response.StatusCode;
    }

    // HttpListener cannot choose a port itself, and another process may take the one that is found here first.
    private static async Task<(ChildProcess Process, string Url)> StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var process = Programs.StartSample("HttpListenerNode", Path.GetTempPath(), [$"http://127.0.0.1:{FreePort()}/", NodeFolder.TaskId]);
            try
            {
                return (process, await process.ReadLineAfterAsync("Listening on "));
            }
            catch (Exception) when (attempt < 5)
            {
                await process.DisposeAsync();
            }
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
