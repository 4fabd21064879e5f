using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reads a request body up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>The media type of bodies that are plain bytes, in requests and responses.</summary>
    internal const string BinaryType = "application/octet-stream";

    // The buffer grows with the bytes that arrive, not with the Content-Length.
    private const int InitialBytes = 8 * 1024;

    private static readonly MediaTypeHeaderValue OctetStream = new(BinaryType);

    /// <summary>Reads the body to its end.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="maxBytes">The maximum length of the body.</param>
    /// <param name="bodies">The bodies of which a part has not arrived.</param>
    /// <param name="deadline">The deadline of the request.</param>
    /// <returns>
    /// The body. If it is longer, at most one buffer beyond the limit is read. A body that has arrived with its request is
    /// never refused.
    /// </returns>
    internal static async ValueTask<ReceivedBody> ReadAsync(DeadlineStream stream, int maxBytes, PendingBodies bodies, RequestDeadline deadline)
    {
        var body = new ArrayBufferWriter<byte>(InitialBytes);
        PendingBody? pending = null;
        try
        {
            while (body.WrittenCount <= maxBytes)
            {
                var buffer = body.GetMemory(InitialBytes / 2);
                if (!stream.TryRead(buffer, out var read))
                {
                    pending ??= bodies.TryAdd(body.WrittenCount, deadline.EndSlowClient);
                    if (pending is null)
                        return ReceivedBody.Refused;
                    read = await stream.ReadAsync(buffer, deadline.Token);
                }

                if (read == 0)
                    return new ReceivedBody(BodyStatus.Complete, body.WrittenMemory);
                body.Advance(read);
                if (pending is not null && !bodies.TryCount(pending, read))
                {
                    deadline.Token.ThrowIfCancellationRequested();
                    return ReceivedBody.Refused;
                }
            }

            return ReceivedBody.TooLong;
        }
        finally
        {
            if (pending is not null)
                bodies.Remove(pending);
        }
    }

    /// <summary>Whether the request has no content coding: no <c>Content-Encoding</c>, or only <c>identity</c>.</summary>
    internal static bool HasNoCoding(HttpRequest request)
    {
        foreach (var value in request.Headers.ContentEncoding)
        {
            foreach (var coding in (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
                    return false;
            }
        }

        return true;
    }

    /// <summary>Whether the Content-Type names UTF-16 or UTF-32, which are never read.</summary>
    internal static bool IsWideText(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && HeaderUtilities.RemoveQuotes(type.Charset) is { Value: { } charset }
        && (charset.StartsWith("utf-16", StringComparison.OrdinalIgnoreCase) || charset.StartsWith("utf-32", StringComparison.OrdinalIgnoreCase));

    /// <summary>Answers 415 unless the body can be plain bytes without a content coding.</summary>
    /// <returns>Whether the body can be read.</returns>
    internal static async Task<bool> IsBinaryAsync(HttpContext context)
    {
        if (HasNoCoding(context.Request) && IsBinary(context.Request.ContentType))
            return true;
        await Problem.WriteAsync(
            context, StatusCodes.Status415UnsupportedMediaType, "Send plain bytes, application/octet-stream without a content coding.");
        return false;
    }

    // A body without a Content-Type may be taken as octet-stream (RFC 9110 §8.3).
    private static bool IsBinary(string? contentType) =>
        contentType is null || (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.IsSubsetOf(OctetStream));
}
