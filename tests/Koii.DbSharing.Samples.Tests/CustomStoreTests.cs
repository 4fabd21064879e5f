using Koii.DbSharing.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>A node with a store of four methods and no change feed, among other nodes.</summary>
public sealed class CustomStoreTests
{
    [Test]
    public async Task Node_with_a_custom_store_converges_with_an_SQLite_node_and_JavaScript_nodes()
    {
        await using var javaScriptNode = Programs.StartScript("peer.js", NodeFolder.TaskId, "keyed");
        using var sqliteFolder = new NodeFolder();
        var (sqliteNode, sqliteUrl) = await sqliteFolder.ServeAsync();
        await using (var submission = Programs.StartScript("submit.js", $"{sqliteUrl}/linktree", "7"))
            await submission.EndAsync();
        await using var node = await StartNodeAsync(
            [$"http://127.0.0.1:{await javaScriptNode.ReadLineAfterAsync("listening ")}", sqliteUrl]);
        var store = node.Services.GetRequiredService<ILinktreeStore>();

        // JavaScript and SQLite to the custom store.
        var report = await node.Services.GetRequiredService<ReplicationEngine>().ShareAsync();
        await sqliteNode.DisposeAsync();

        Assert.That(report.Peers.Select(peer => peer.Failure), Has.All.Null);
        var records = (await store.ListAsync(new LinktreeQuery())).Linktrees;
        Assert.That(records.Select(record => record.Uuid), Is.EquivalentTo(new[] { 1, 2, 3, 4, 5, 7 }.Select(i => $"uuid-of-{i}")));

        // The custom store to SQLite.
        var url = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var (exitCode, output, error) = await sqliteFolder.ShareOnceAsync($"--DbSharing:Nodes:0={url}");
        Assert.That(exitCode, Is.Zero, error + output);
        Assert.That(await sqliteFolder.HeldAsync(), Is.EqualTo(records));

        // The custom store to JavaScript, which verifies the signatures.
        await using var pull = Programs.StartScript("pull.js", $"{url}/linktree");
        (exitCode, output, error) = await pull.EndAsync();
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(output, Does.Contain($"\"verified\":{records.Count},\"keyed\":{records.Count},\"sameInList\":{records.Count}"));
    }

    private static async Task<WebApplication> StartNodeAsync(IEnumerable<string> peers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddDbSharing(options =>
            {
                options.TaskId = NodeFolder.TaskId;
                options.AllowPrivateAddresses = true;
                foreach (var peer in peers)
                    options.Nodes.Add(peer);

                // A process that has just started may respond late on a busy machine.
                var limits = options.PeerLimits;
                limits.ConnectTimeout = limits.HeadersTimeout = limits.IdleTimeout = limits.PeerTimeout = TimeSpan.FromHours(1);
            })
            .UseStore((_, options) => new DictionaryStore(options));
        var app = builder.Build();
        app.MapDbSharing();
        await app.StartAsync();
        return app;
    }
}
