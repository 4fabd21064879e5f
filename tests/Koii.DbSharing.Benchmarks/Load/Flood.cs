namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>Asks for everything, several times at once, without pause: lists, nonsense, bodies that are too large, wrong methods.</summary>
internal sealed class Flood(HttpClient http, string address, int number) : ILoadClient
{
    private const int AtOnce = 12;

    private static readonly byte[] TooLarge = new byte[300 * 1024];
    private static readonly byte[] Nonsense = "{\"payload\":{\"data\":[[[[[[[[{\"uuid\":\"\\ud800\"}]]]]]]]]}}"u8.ToArray();

    internal StatusCounts Statuses { get; } = new();

    public Task RunAsync(CancellationToken end) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(lane => RunLaneAsync(new Random((number * AtOnce) + lane), end)));

    private async Task RunLaneAsync(Random random, CancellationToken end)
    {
        while (true)
        {
            var (method, path, body) = random.Next(6) switch
            {
                0 => (HttpMethod.Get, "/all", null),
                1 => (HttpMethod.Get, "/list", null),
                2 => (HttpMethod.Get, "/get/nobody", null),
                3 => (HttpMethod.Post, "", Nonsense),
                4 => (HttpMethod.Post, "", TooLarge),
                _ => (HttpMethod.Delete, "/all", (byte[]?)null),
            };
            var status = await Posting.SendAsync(http, address, method, Posting.Path + path, body, end);
            lock (Statuses)
                Statuses.Add(status);
        }
    }
}
