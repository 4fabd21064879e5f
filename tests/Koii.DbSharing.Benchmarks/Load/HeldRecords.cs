using System.Net;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>What the node holds in the end, read as a peer reads it.</summary>
internal sealed class HeldRecords
{
    private readonly Dictionary<LinktreeKey, long> _timestamps = [];

    /// <summary>How many of them have a signature that does not fit.</summary>
    internal int CountForged { get; private set; }

    internal static async Task<HeldRecords> ReadAsync(HttpClient http)
    {
        var held = new HeldRecords();
        var verifier = new Ed25519SignatureVerifier();
        using var response = await AskAsync(http);
        await using var list = await response.Content.ReadAsStreamAsync();
        await foreach (var page in LinktreeReader.ReadListAsync(list, new ListLimits(long.MaxValue, int.MaxValue, int.MaxValue)))
        {
            foreach (var record in page.Linktrees)
                held._timestamps[record.Key] = record.Timestamp;
            held.CountForged += page.Linktrees.Count(record => !verifier.Verify(record));
            if (page.End is not (ListEnd.More or ListEnd.Complete))
                throw new InvalidOperationException($"The list ended as {page.End}.");
        }

        return held;
    }

    /// <summary>The node hears in its own time that the others have gone; until then it may be busy.</summary>
    private static async Task<HttpResponseMessage> AskAsync(HttpClient http)
    {
        while (true)
        {
            var response = await http.GetAsync($"{Posting.Path}/all", HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode is not HttpStatusCode.ServiceUnavailable)
                return response.EnsureSuccessStatusCode();
            var retryAfter = response.Headers.RetryAfter?.Delta ?? throw new InvalidOperationException("The node is out of order.");
            response.Dispose();
            await Task.Delay(retryAfter);
        }
    }

    /// <summary>How many of these identities are held no longer, or older than this; and how many are.</summary>
    internal (int Lost, int Found) Count(IEnumerable<KeyValuePair<LinktreeKey, long>> acknowledged)
    {
        var (lost, found) = (0, 0);
        foreach (var (key, timestamp) in acknowledged)
        {
            if (_timestamps.TryGetValue(key, out var held) && held >= timestamp)
                found++;
            else
                lost++;
        }

        return (lost, found);
    }
}
