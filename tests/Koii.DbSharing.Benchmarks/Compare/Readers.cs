using System.IO.Compression;
using System.Net.Http.Headers;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>Clients that read the same list at the same time.</summary>
internal sealed class Readers : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(5) };
    private readonly string _url;
    private readonly int _count;
    private IReadOnlyList<byte[]> _bodies = [];
    private bool _areCompressed;

    internal Readers(string url, int count, bool isGzip)
    {
        (_url, _count) = (url, count);
        if (isGzip)
            _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
    }

    /// <summary>Reads the list with all readers at once and returns how many bytes that were.</summary>
    internal async Task<long> ReadAsync()
    {
        _bodies = await Task.WhenAll(Enumerable.Range(0, _count).Select(_ => ReadOneAsync()));
        return _bodies.Sum(body => (long)body.Length);
    }

    /// <summary>The digests of the lists that were read last.</summary>
    internal IReadOnlyList<string> Digests() => [.. _bodies.Select(body => RecordDigest.OfList(_areCompressed ? Decompress(body) : body))];

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadOneAsync()
    {
        using var response = await _client.GetAsync(_url);
        response.EnsureSuccessStatusCode();
        _areCompressed = response.Content.Headers.ContentEncoding.Contains("gzip");
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static byte[] Decompress(byte[] body)
    {
        using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var list = new MemoryStream();
        gzip.CopyTo(list);
        return list.ToArray();
    }
}
