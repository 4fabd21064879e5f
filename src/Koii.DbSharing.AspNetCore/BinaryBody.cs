using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reads a request's body of plain bytes, <c>application/octet-stream</c>, within a limit that is kept before anything is looked at.</summary>
internal static class BinaryBody
{
    private static readonly MediaTypeHeaderValue OctetStream = new("application/octet-stream");

    /// <summary>Reads the body, or answers why it is not taken.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The most bytes it may have.</param>
    /// <returns>The bytes, or <see langword="null"/> where the request has been answered.</returns>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding.Count > 0 || !IsOctetStream(request.ContentType))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Send plain bytes, application/octet-stream without a content coding.");
            return null;
        }

        var body = request.ContentLength > maxBytes ? null : await ReadToEndAsync(request, maxBytes, context.RequestAborted);
        if (body is null)
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body has more than {maxBytes} bytes.");
        return body?.WrittenMemory;
    }

    // Bytes without a type are just that (RFC 9110 §8.3).
    private static bool IsOctetStream(string? contentType) =>
        contentType is null || (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.IsSubsetOf(OctetStream));

    private static async ValueTask<ArrayBufferWriter<byte>?> ReadToEndAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        // It grows with what has come, not with what was announced.
        const int FirstBytes = 4 * 1024;
        var body = new ArrayBufferWriter<byte>(FirstBytes);
        while (body.WrittenCount <= maxBytes)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(FirstBytes / 2), cancellationToken);
            if (read == 0)
                return body;
            body.Advance(read);
        }

        return null;
    }
}
