using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>
/// A node without the extension, as JavaScript nodes are: lists on one of two paths, an ETag as Express makes it, HTML
/// for each other path, and rounds in which it reads each peer's list and keeps the newest record of each author.
/// </summary>
internal sealed class JavaScriptStylePeer : IAsyncDisposable
{
    private const string Base = $"/task/{TestNode.TaskId}/linktree";

    private readonly WebApplication _app;
    private readonly HttpClient _client = new();
    private readonly ConcurrentDictionary<string, JsonObject> _byAuthor = [];

    private JavaScriptStylePeer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public IEnumerable<string> Uuids => _byAuthor.Values.Select(record => (string)record["data"]!["uuid"]!);

    /// <summary>Starts one that serves its list under <c>/all</c> with keys, or under <c>/list</c> without.</summary>
    public static async Task<JavaScriptStylePeer> StartAsync(bool keyed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var peer = new JavaScriptStylePeer(app);
        app.MapGet(Base + (keyed ? "/all" : "/list"), context => peer.WriteListAsync(context, keyed));
        app.MapFallback(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync($"<!DOCTYPE html><pre>Cannot {context.Request.Method} it</pre>");
        });
        await app.StartAsync();
        return peer;
    }

    public void Hold(JsonObject record)
    {
        // A newer record replaces an older one; only the timestamps are compared.
        _byAuthor.AddOrUpdate((string)record["publicKey"]!, record, (_, held) => Timestamp(record) > Timestamp(held) ? record : held);

        static long Timestamp(JsonObject record) => (long)record["data"]!["timestamp"]!;
    }

    /// <summary>Runs one round.</summary>
    public async Task PullAsync(IEnumerable<string> urls)
    {
        foreach (var url in urls)
        {
            var response = await _client.GetAsync($"{url}{Base}/all");
            if (!response.IsSuccessStatusCode)
                response = await _client.GetAsync($"{url}{Base}/list");
            foreach (var element in JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsArray())
                Hold((JsonObject)(element!["value"] ?? element).DeepClone());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private async Task WriteListAsync(HttpContext context, bool keyed)
    {
        var list = _byAuthor.Order(Comparer<KeyValuePair<string, JsonObject>>.Create((left, right) => string.CompareOrdinal(left.Key, right.Key)))
            .Select(pair => keyed ? new JsonObject { ["key"] = $"linktree:{pair.Key}", ["value"] = pair.Value.DeepClone() } : pair.Value.DeepClone());
        var text = new JsonArray([.. list]).ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var entityTag = $"W/\"{text.Length:x}-{hash[..16]}\"";
        context.Response.Headers.ETag = entityTag;
        if (context.Request.Headers.IfNoneMatch == entityTag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(text);
    }
}
