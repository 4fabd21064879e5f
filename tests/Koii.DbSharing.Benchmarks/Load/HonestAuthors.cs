using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>A household of authors: every second post is a new author's first record, the others change one of the household's. They post as often as their address may.</summary>
internal sealed class HonestAuthors(HttpClient http, string address, int number) : ILoadClient
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(120);

    private readonly Dictionary<LinktreeKey, long> _acknowledged = [];
    private readonly long _firstTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private readonly Random _random = new(number);
    private readonly List<LinktreeSigner> _authors = [];

    internal StatusCounts Statuses { get; } = new();

    internal List<TimeSpan> Latencies { get; } = [];

    /// <summary>Of each identity the greatest timestamp that was answered 200.</summary>
    internal IReadOnlyCollection<KeyValuePair<LinktreeKey, long>> Acknowledged => _acknowledged;

    public async Task RunAsync(CancellationToken end)
    {
        for (var post = 0; ; post++)
        {
            if (post % 2 == 0)
                _authors.Add(LinktreeSigner.FromSeed(RandomNumberGenerator.GetBytes(32)));
            var author = _authors[post % 2 == 0 ? ^1 : _random.Next(_authors.Count)];
            var record = author.Sign(Encoding.UTF8.GetBytes(
                $$$"""{"uuid":"load","linktree":{"name":"Author {{{number}}}","description":"{{{new string('d', _random.Next(500))}}}","links":[]},"timestamp":{{{_firstTimestamp + post}}}}"""));
            var body = Posting.Body(record);

            var started = Stopwatch.GetTimestamp();
            var status = await Posting.SendAsync(http, address, HttpMethod.Post, Posting.Path, body, end);
            Statuses.Add(status);
            if (status == 200)
            {
                Latencies.Add(Stopwatch.GetElapsedTime(started));
                _acknowledged[record.Key] = record.Timestamp;
            }

            await Task.Delay(Pause, end);
        }
    }
}
