using System.Text;
using Koii.DbSharing.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>An application that serves tasks, in process or on a loopback socket, with a client for it.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string TaskId = "Task1";
    public const string LongPath = $"/task/{TaskId}/linktree";
    public const long Time = 1_703_802_587_522;

    private static readonly LinktreeSigner Alice = Signer(1);

    private readonly WebApplication _app;
    private readonly ListLogger _log;

    private TestNode(WebApplication app, HttpClient client, ListLogger log) => (_app, Client, _log) = (app, client, log);

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>The log messages from Warning on. Complete when the node is disposed.</summary>
    /// <remarks>Without the slow heartbeat of the server, which shows that the machine is busy.</remarks>
    public IReadOnlyCollection<(EventId Event, string Text)> Warnings =>
        [.. _log.Lines.Where(line => line.Event.Name != "HeartbeatSlow").Select(line => (line.Event, $"{line.Text} {line.Exception}"))];

    /// <summary>Completes when the application begins to stop.</summary>
    public Task Stopping
    {
        get
        {
            var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _app.Lifetime.ApplicationStopping.Register(stopping.SetResult);
            return stopping.Task;
        }
    }

    /// <summary>Starts a node with one unnamed task in memory, on both paths.</summary>
    public static Task<TestNode> StartAsync(Action<DbSharingOptions>? configure = null) =>
        StartAsync(
            services => services.AddDbSharing(options =>
            {
                options.TaskId = TaskId;
                configure?.Invoke(options);
            }).UseInMemory(),
            endpoints => endpoints.MapDbSharing());

    /// <summary>Starts a node with one unnamed task over the test's store.</summary>
    public static Task<TestNode> StartAsync(ILinktreeStore store, bool onSocket = false, Action<WebApplication>? use = null) =>
        StartAsync(
            services => services.AddDbSharing(options => options.TaskId = TaskId).UseStore((_, _) => store),
            endpoints => endpoints.MapDbSharing(),
            onSocket,
            use);

    /// <summary>
    /// Starts a node with the tasks that a test adds. Unless the test adds a clock, time does not pass, so that no limit
    /// depends on the speed of the machine.
    /// </summary>
    public static async Task<TestNode> StartAsync(
        Action<IServiceCollection> add, Action<IEndpointRouteBuilder> map, bool onSocket = false, Action<WebApplication>? use = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var log = new ListLogger(LogLevel.Warning);
        builder.Logging.ClearProviders().AddProvider(log);
        if (onSocket)
            builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(DisableTimeLimits);
        else
            builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(new FakeClock());
        add(builder.Services);

        var app = builder.Build();
        use?.Invoke(app);
        map(app);
        await app.StartAsync();
        if (!onSocket)
            return new TestNode(app, app.GetTestClient(), log);

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new TestNode(app, new HttpClient { BaseAddress = new Uri(address) }, log);
    }

    public static LinktreeSigner Signer(byte seedByte)
    {
        var seed = new byte[32];
        Array.Fill(seed, seedByte);
        return LinktreeSigner.FromSeed(seed);
    }

    public static SignedLinktree Signed(
        string uuid = "u", long timestamp = Time, string name = "n", bool deleted = false, string? taskId = null, LinktreeSigner? author = null) =>
        (author ?? Alice).Sign(Samples.DataJson(uuid, timestamp, name, deleted, taskId));

    public static string RecordJson(SignedLinktree linktree) => Samples.Json(linktree);

    public async Task<SignedLinktree> SubmitAsync(SignedLinktree linktree, string name = "")
    {
        var engine = name.Length == 0 ? Services.GetRequiredService<ReplicationEngine>() : Services.GetRequiredKeyedService<ReplicationEngine>(name);
        var verdict = await engine.SubmitAsync(linktree);
        Assert.That(verdict.Kind, Is.AnyOf(VerdictKind.Inserted, VerdictKind.Replaced));
        return linktree;
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public Task<HttpResponseMessage> PostAsync(string body, string path = LongPath) =>
        Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> PostAsync(SignedLinktree linktree, string path = LongPath) =>
        PostAsync($$"""{"payload":{{RecordJson(linktree)}}}""", path);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>
    /// Kestrel measures its limits on the system clock: after five seconds they would end a request that a test holds up,
    /// with another response.
    /// </summary>
    private static void DisableTimeLimits(KestrelServerOptions server)
    {
        server.Limits.MinRequestBodyDataRate = server.Limits.MinResponseDataRate = null;
        // Not infinite: Kestrel adds to these, and an infinite time overflows and expires at once.
        server.Limits.KeepAliveTimeout = server.Limits.RequestHeadersTimeout = TimeSpan.FromDays(1);
    }
}
