using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reads a request's body of plain bytes, <c>application/octet-stream</c>, within a limit that is kept before anything is looked at.</summary>
internal static class BinaryBody
{
    /// <summary>The media type of plain bytes, in requests and answers.</summary>
    internal const string ContentType = "application/octet-stream";

    private static readonly MediaTypeHeaderValue OctetStream = new(ContentType);

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

        var body = await WholeBody.ReadAsync(context, maxBytes);
        if (body is null)
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body has more than {maxBytes} bytes.");
        return body;
    }

    // Bytes without a type are just that (RFC 9110 §8.3).
    private static bool IsOctetStream(string? contentType) =>
        contentType is null || (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.IsSubsetOf(OctetStream));
}
