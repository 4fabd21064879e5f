using System.Text.Json;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The node sample among JavaScript nodes, which are plain Node.js without any package.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class JavaScriptTests : IDisposable
{
    private static readonly string[] FiveUuids = ["uuid-of-1", "uuid-of-2", "uuid-of-3", "uuid-of-4", "uuid-of-5"];

    private readonly NodeFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Linktrees_of_a_node_that_lists_with_keys_end_in_the_store()
    {
        await using var peer = Programs.StartScript("peer.js", NodeFolder.TaskId, "keyed");
        var url = await UrlAsync(peer);

        using var report = await ShareAsync($"--DbSharing:Nodes:0={url}");

        var verdicts = report.RootElement.GetProperty("verdicts");
        Assert.That(verdicts.GetProperty("inserted").GetInt32(), Is.EqualTo(5));
        Assert.That(verdicts.GetProperty("rejectedByReason").GetProperty("BadSignature").GetInt32(), Is.EqualTo(1));
        Assert.That(verdicts.GetProperty("rejected").GetInt32(), Is.EqualTo(3));
        Assert.That((await _folder.HeldAsync()).Select(linktree => linktree.Uuid), Is.EqualTo(FiveUuids));

        using var again = await ShareAsync($"--DbSharing:Nodes:0={url}");
        Assert.That(again.RootElement.GetProperty("verdicts").GetProperty("unchanged").GetInt32(), Is.EqualTo(5));
    }

    [Test]
    public async Task Linktrees_of_a_node_that_lists_bare_and_twice_end_in_the_store_once()
    {
        await using var peer = Programs.StartScript("peer.js", NodeFolder.TaskId, "bare");

        using var report = await ShareAsync($"--DbSharing:Nodes:0={await UrlAsync(peer)}");

        var verdicts = report.RootElement.GetProperty("verdicts");
        Assert.That(verdicts.GetProperty("inserted").GetInt32(), Is.EqualTo(5));
        Assert.That(verdicts.GetProperty("unchanged").GetInt32(), Is.EqualTo(5));
        Assert.That((await _folder.HeldAsync()).Select(linktree => linktree.Uuid), Is.EqualTo(FiveUuids));
    }

    [Test]
    public async Task An_empty_list_as_html_is_an_empty_list()
    {
        await using var peer = Programs.StartScript("peer.js", NodeFolder.TaskId, "empty");

        using var report = await ShareAsync($"--DbSharing:Nodes:0={await UrlAsync(peer)}");

        Assert.That(report.RootElement.GetProperty("verdicts").GetProperty("total").GetInt32(), Is.Zero);
        Assert.That(await _folder.HeldAsync(), Is.Empty);
    }

    [Test]
    public async Task Nodes_are_found_by_the_service_that_lists_them()
    {
        await using var keyed = Programs.StartScript("peer.js", NodeFolder.TaskId, "keyed");
        await using var bare = Programs.StartScript("peer.js", NodeFolder.TaskId, "bare");
        await using var service = Programs.StartScript("node-list.js", await UrlAsync(keyed), await UrlAsync(bare));

        using var report = await ShareAsync($"--DbSharing:ServiceUrl={await UrlAsync(service)}");

        Assert.That(report.RootElement.GetProperty("peers").GetArrayLength(), Is.EqualTo(2));
        Assert.That((await _folder.HeldAsync()).Select(linktree => linktree.Uuid), Is.EqualTo(FiveUuids));
    }

    [Test]
    public async Task A_front_end_registers_a_linktree()
    {
        var (serving, url) = await _folder.ServeAsync();
        await using var end = serving;

        using var answers = await ScriptAsync("submit.js", $"{url}/linktree", "7");

        Assert.That(Status("first"), Is.EqualTo((200, true)));
        Assert.That(Status("again"), Is.EqualTo((200, true)));
        Assert.That(Status("older"), Is.EqualTo((409, false)));
        Assert.That(Status("forged"), Is.EqualTo((400, false)));
        Assert.That(answers.RootElement.GetProperty("forged").GetProperty("error").GetString(), Is.EqualTo("string"));

        (int, bool) Status(string name)
        {
            var answer = answers.RootElement.GetProperty(name);
            return (answer.GetProperty("status").GetInt32(), answer.GetProperty("registered").GetBoolean());
        }
    }

    [Test]
    public async Task A_JavaScript_node_pulls_from_ours_and_finds_every_signature_good([Values("/linktree", $"/task/{NodeFolder.TaskId}/linktree")] string path)
    {
        // The records go JavaScript → our store → JavaScript: what the second one verifies is what our canonical form made of them.
        await using (var peer = Programs.StartScript("peer.js", NodeFolder.TaskId, "keyed"))
        {
            using var report = await ShareAsync($"--DbSharing:Nodes:0={await UrlAsync(peer)}");
        }

        var (serving, url) = await _folder.ServeAsync();
        await using var end = serving;

        using var found = await ScriptAsync("pull.js", url + path);

        foreach (var name in new[] { "all", "verified", "keyed", "sameInList" })
            Assert.That(found.RootElement.GetProperty(name).GetInt32(), Is.EqualTo(5), name);
        Assert.That(found.RootElement.GetProperty("newestVerified").GetBoolean(), Is.True);
    }

    private static async Task<string> UrlAsync(ChildProcess script) => $"http://127.0.0.1:{await script.ReadLineAfterAsync("listening ")}";

    private static async Task<JsonDocument> ScriptAsync(string name, params IEnumerable<string> arguments)
    {
        await using var script = Programs.StartScript(name, arguments);
        var (exitCode, output, error) = await script.EndAsync();
        Assert.That(exitCode, Is.Zero, error);
        return JsonDocument.Parse(output);
    }

    private async Task<JsonDocument> ShareAsync(string node)
    {
        var (exitCode, output, error) = await _folder.ShareOnceAsync(node);
        Assert.That(exitCode, Is.Zero, error + output);
        return JsonDocument.Parse(output);
    }
}
