using System.IO.Compression;
using System.Text;

namespace Koii.DbSharing.TestSupport;

/// <summary>Builds HTTP responses in the forms that nodes send.</summary>
public static class Answers
{
    public static byte[] Json(string body, string? headers = null) => Status("200 OK", body, "application/json; charset=utf-8", headers);

    public static byte[] Html(string body) => Status("200 OK", body, "text/html; charset=utf-8");

    public static byte[] Status(string status, string body = "", string contentType = "application/json", string? headers = null) =>
        Raw(status, Encoding.UTF8.GetBytes(body), $"Content-Type: {contentType}\r\n{headers}");

    public static byte[] Raw(string status, byte[] body, string headers) =>
        [.. Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: {body.Length}\r\n\r\n"), .. body];

    public static byte[] NotModified(string entityTag) => Encoding.ASCII.GetBytes($"HTTP/1.1 304 Not Modified\r\nETag: {entityTag}\r\n\r\n");

    public static byte[] Encoded(byte[] body, string encoding) => Raw("200 OK", body, $"Content-Encoding: {encoding}\r\n");

    public static byte[] Gzipped(byte[] body) => Encoded(body, "gzip");

    public static byte[] Gzip(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return compressed.ToArray();
    }

    public static string ChunkedHead(string? headers = null) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Transfer-Encoding: chunked\r\n\r\n";
}
