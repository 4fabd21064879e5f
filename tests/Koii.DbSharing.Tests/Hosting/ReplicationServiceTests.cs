using Koii.DbSharing.Hosting;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Moq;

namespace Koii.DbSharing.Tests.Hosting;

public sealed class ReplicationServiceTests
{
    [Test]
    public async Task Service_runs_rounds_until_the_host_stops()
    {
        var node = new Node { Random = new ScriptedRandom(0) }; // The first round comes at once.
        var underWay = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Directory.Setup(directory => directory.GetNodesAsync(It.IsAny<CancellationToken>())).Returns(async (CancellationToken token) =>
        {
            underWay.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return new NodeListing([]);
        });
        var log = new ListLogger();
        using var host = new HostBuilder()
            .ConfigureServices(services => services.AddHostedService(_ => new ReplicationService(node.Engine, new Logger<ReplicationService>(log))))
            .Build();

        await host.StartAsync();
        await underWay.Task;
        await host.StopAsync();

        Assert.That(log.Lines.Select(line => (line.Level, line.Event.Name)), Is.EqualTo(new[] { (LogLevel.Information, "Stopped") }));
        Assert.That(node.Clock.IsIdle, Is.True);
    }
}
