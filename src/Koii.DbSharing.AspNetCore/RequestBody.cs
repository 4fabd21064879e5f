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
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The maximum length of the body.</param>
    /// <returns>
    /// The body, or <see langword="null"/> if it is longer: nothing is read where the Content-Length exceeds the limit,
    /// and at most one buffer beyond the limit otherwise.
    /// </returns>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
            return null;

        var body = new ArrayBufferWriter<byte>(InitialBytes);
        while (body.WrittenCount <= maxBytes)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(InitialBytes / 2), context.RequestAborted);
            if (read == 0)
                return body.WrittenMemory;
            body.Advance(read);
        }

        return null;
    }

    /// <summary>Reads a body of plain bytes, or answers 415 or 413.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The maximum length of the body.</param>
    /// <returns>The body, or <see langword="null"/> if the request has been answered.</returns>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadBinaryAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding.Count > 0 || !IsBinary(request.ContentType))
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status415UnsupportedMediaType, "Send plain bytes, application/octet-stream without a content coding.");
            return null;
        }

        var body = await ReadAsync(context, maxBytes);
        if (body is null)
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body has more than {maxBytes} bytes.");
        return body;
    }

    // A body without a Content-Type may be taken as octet-stream (RFC 9110 §8.3).
    private static bool IsBinary(string? contentType) =>
        contentType is null || (MediaTypeHeaderValue.TryParse(contentType, out var type) && type.IsSubsetOf(OctetStream));
}
