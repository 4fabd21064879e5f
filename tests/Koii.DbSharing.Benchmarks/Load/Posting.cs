using System.Buffers;
using System.Net.Http.Headers;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>Requests as a reverse proxy forwards them.</summary>
internal static class Posting
{
    internal const string Path = $"/task/{NodeProcess.TaskId}/linktree";

    internal static byte[] Body(SignedLinktree record)
    {
        var body = new ArrayBufferWriter<byte>();
        body.Write("{\"payload\":"u8);
        LinktreeWriter.WriteRecord(body, record);
        body.Write("}"u8);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>Sends a request, reads the answer to its end, and tells the status.</summary>
    internal static async Task<int> SendAsync(HttpClient http, string address, HttpMethod method, string path, byte[]? body, CancellationToken end)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Forwarded-For", address);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end);
            await response.Content.CopyToAsync(Stream.Null, end);
            return (int)response.StatusCode;
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            return 0;
        }
    }
}
