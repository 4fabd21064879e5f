using System.Net;
using Koii.DbSharing.Benchmarks.Pull;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Benchmarks.Delay;

/// <summary>
/// A node on loopback whose links can be cut. Each node calls the others at an address of its own, so that the node that is called knows who calls, and ends the connections of a link
/// that is cut.
/// </summary>
internal sealed class LinkedNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    internal LinkedNode(int number, int port, IEnumerable<string> peers, TimeSpan interval, Func<int, bool> isCutFrom)
    {
        Number = number;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://0.0.0.0:{port}");
        builder.Services.AddDbSharing(options =>
        {
            options.TaskId = ServeCommand.TaskId;
            options.Interval = interval;
            options.AllowPrivateAddresses = true;
            foreach (var peer in peers)
                options.Nodes.Add(peer);
        }).UseInMemory();
        _app = builder.Build();
        _app.Use((context, next) =>
        {
            if (!isCutFrom(CallerOf(context)))
                return next();
            context.Abort();
            return Task.CompletedTask;
        });
        _app.MapDbSharing();
    }

    internal int Number { get; }

    internal ReplicationEngine Engine => _app.Services.GetRequiredService<ReplicationEngine>();

    /// <summary>The address at which a node calls the others.</summary>
    internal static string AddressFor(int caller) => $"127.0.0.{10 + caller}";

    internal async Task StartAsync()
    {
        await _app.StartAsync();
        _loop = Engine.RunAsync(_stop.Token);
    }

    internal async Task<bool> HoldsAsync(SignedLinktree record) => (await Engine.Store.GetAsync([record.Id])).Count == 1;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private static int CallerOf(HttpContext context) => context.Connection.LocalIpAddress!.MapToIPv4().GetAddressBytes()[3] - 10;
}
