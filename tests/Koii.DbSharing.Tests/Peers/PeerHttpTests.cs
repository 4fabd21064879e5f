using Koii.DbSharing.Peers;

namespace Koii.DbSharing.Tests.Peers;

internal sealed class PeerHttpTests : PeerClientFixture
{
    [Test]
    public async Task Connection_that_does_not_come_up_times_out()
    {
        Limits.ConnectTimeout = TimeSpan.FromMilliseconds(1);
        using var handler = PeerHttp.CreateHandler(Limits);
        handler.ConnectCallback = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("Nobody waits for ever.");
        };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var client = ClientOn(http);

        var pages = await client.ReadAllAsync(NodeAddress.Parse("http://node.example"), null).ToListAsync();

        Assert.That(pages.Single().Failure, Is.EqualTo(new PeerFailure(PeerFailureKind.TimedOut) { Detail = "The connection did not come up in time." }));
    }

    [Test]
    public void Path_memory_is_bounded()
    {
        var memory = new ListPathMemory();
        for (var number = 0; number <= ListPathMemory.Capacity; number++)
            memory.Remember(NodeAddress.Parse($"http://node{number}.example"), ListPath.List);

        Assert.That(memory.Recall(NodeAddress.Parse("http://node0.example")), Is.Null);
        Assert.That(memory.Recall(NodeAddress.Parse($"http://node{ListPathMemory.Capacity}.example")), Is.EqualTo(ListPath.List));
    }

    [Test]
    public void Handler_follows_remembers_and_tells_nothing()
    {
        using var handler = PeerHttp.CreateHandler(Limits);

        Assert.That((handler.AllowAutoRedirect, handler.UseCookies, handler.UseProxy, handler.AutomaticDecompression), Is.EqualTo((false, false, false, System.Net.DecompressionMethods.None)));
        Assert.That((handler.ConnectTimeout, handler.MaxResponseDrainSize, handler.ActivityHeadersPropagator), Is.EqualTo((Limits.ConnectTimeout, 0, (System.Diagnostics.DistributedContextPropagator?)null)));
    }
}
