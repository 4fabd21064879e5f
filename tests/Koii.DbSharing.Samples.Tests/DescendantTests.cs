using System.Net;
using System.Text.Json;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>
/// The node sample among JavaScript nodes in the manner of the newest descendant, and a front end in a browser on another
/// origin.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DescendantTests : IDisposable
{
    private readonly NodeFolder _folder = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Profiles_converge_both_ways_and_are_found_by_their_names()
    {
        await using var source = Programs.StartScript("descendant.js", NodeFolder.TaskId);
        var sourceUrl = await UrlAsync(source);
        await EditAsync(sourceUrl, "POST", seedByte: 1, timestamp: 1703802587522, "first", "Bob", "bob");

        // JavaScript to this library.
        var (exitCode, output, error) = await _folder.ShareOnceAsync($"--DbSharing:Nodes:0={sourceUrl}");
        Assert.That(exitCode, Is.Zero, error + output);
        var (node, nodeUrl) = await _folder.ServeAsync();
        await using var end = node;
        await EditAsync(nodeUrl, "POST", seedByte: 2, timestamp: 1703802587522, "other", "Alice", "alice");

        // This library to JavaScript, which has no other peer.
        await using var target = Programs.StartScript("descendant.js", NodeFolder.TaskId, nodeUrl);
        var targetUrl = await UrlAsync(target);
        Assert.That(await PullAsync(targetUrl), Is.EqualTo(1), "the node is not dropped");
        Assert.That((await NameAsync(targetUrl, "bob"), await NameAsync(targetUrl, "alice")), Is.EqualTo(("Bob", "Alice")));
    }

    [Test]
    public async Task Edit_with_a_fresh_uuid_replaces_the_profile_on_both_sides()
    {
        var (node, nodeUrl) = await _folder.ServeAsync();
        await using var end = node;
        await EditAsync(nodeUrl, "POST", seedByte: 1, timestamp: 1703802587522, "first", "Old", "bob");
        await using var peer = Programs.StartScript("descendant.js", NodeFolder.TaskId, nodeUrl);
        var peerUrl = await UrlAsync(peer);
        await PullAsync(peerUrl);

        using var edit = await EditAsync(nodeUrl, "PUT", seedByte: 1, timestamp: 1703802587523, "second", "New", "bob");
        await PullAsync(peerUrl);

        var names = edit.RootElement.GetProperty("names").EnumerateArray().Select(name => name.GetString());
        Assert.That(names, Is.EqualTo(new[] { "New" }), "the list of the node");
        Assert.That(await NamesAsync(peerUrl), Is.EqualTo(new[] { "New" }), "the list of the JavaScript node");
        Assert.That(await NameAsync(peerUrl, "bob"), Is.EqualTo("New"));
    }

    [Test]
    public async Task Root_of_the_node_is_a_200()
    {
        var (node, nodeUrl) = await _folder.ServeAsync();
        await using var end = node;

        using var response = await _client.GetAsync(nodeUrl);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    private static async Task<string> UrlAsync(ChildProcess script) => $"http://127.0.0.1:{await script.ReadLineAfterAsync("listening ")}";

    /// <summary>Posts or puts a profile from a page of another origin.</summary>
    private static async Task<JsonDocument> EditAsync(
        string url, string method, int seedByte, long timestamp, string uuid, string name, string username)
    {
        await using var page = Programs.StartScript("edit.js", url, NodeFolder.TaskId, method, $"{seedByte}", $"{timestamp}", uuid, name, username);
        var (exitCode, output, error) = await page.EndAsync();
        Assert.That(exitCode, Is.Zero, error);
        var seen = JsonDocument.Parse(output);
        Assert.That(seen.RootElement.GetProperty("registered").GetBoolean(), Is.True, output);
        Assert.That(seen.RootElement.GetProperty("readable").GetBoolean(), Is.True, output);
        return seen;
    }

    private async Task<int> PullAsync(string url)
    {
        using var response = await _client.PostAsync($"{url}/pull", content: null);
        using var pulled = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return pulled.RootElement.GetProperty("read").GetInt32();
    }

    private async Task<IEnumerable<string?>> NamesAsync(string url)
    {
        using var list = JsonDocument.Parse(await _client.GetStringAsync($"{url}/linktree/list"));
        return [.. list.RootElement.EnumerateArray().Select(Name)];
    }

    private async Task<string?> NameAsync(string url, string username)
    {
        using var found = JsonDocument.Parse(await _client.GetStringAsync($"{url}/linktree/get/username/{username}"));
        return found.RootElement.ValueKind == JsonValueKind.Object ? Name(found.RootElement) : null;
    }

    private static string? Name(JsonElement record) => record.GetProperty("data").GetProperty("linktree").GetProperty("name").GetString();
}
