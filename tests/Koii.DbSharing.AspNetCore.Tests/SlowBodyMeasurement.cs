using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>Measures honest requests beside slow senders for a minute, all from one address. Not a test of the suite.</summary>
[Explicit("It takes more than a minute and depends on the speed of the machine.")]
public sealed class SlowBodyMeasurement
{
    private const int Senders = 128;
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(1);

    [Test]
    public async Task Honest_requests_beside_slow_bodies()
    {
        await using var node = await TestNode.StartAsync(
            services => services.AddSingleton(TimeProvider.System).AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory(),
            endpoints => endpoints.MapDbSharing(),
            onSocket: true);
        using var end = new CancellationTokenSource(Duration);
        var senders = Enumerable.Range(0, Senders).Select(_ => SendSlowlyAsync(node.Client.BaseAddress!.Port, end.Token)).ToArray();
        var (answered, requests, times) = (0, 0, new List<double>());
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var response = i % 2 == 0
                ? await node.Client.GetAsync($"{TestNode.LongPath}/all")
                : await node.PostAsync(TestNode.Signed($"u{i % 16}", TestNode.Time + i));
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            requests++;
            answered += response.StatusCode == HttpStatusCode.OK ? 1 : 0;
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await Task.WhenAll(senders);
        times.Sort();
        TestContext.Out.WriteLine($"{answered} of {requests} answered, median {times[times.Count / 2]:0.0} ms, p99 {times[times.Count * 99 / 100]:0.0} ms");
        Assert.That(answered, Is.EqualTo(requests));
    }

    /// <summary>Announces 250,000 bytes and sends 300 a second, again when the node ends the request.</summary>
    private static async Task SendSlowlyAsync(int port, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, end);
                await client.GetStream().WriteAsync(
                    Encoding.ASCII.GetBytes("POST /linktree HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n"), end);
                var spaces = Encoding.ASCII.GetBytes(new string(' ', 300));
                while (true)
                {
                    await client.GetStream().WriteAsync(spaces, end);
                    await Task.Delay(TimeSpan.FromSeconds(1), end);
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
            }
        }
    }
}
