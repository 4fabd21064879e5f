using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Streams a JSON array, compressed with gzip where the client accepts it.</summary>
/// <remarks>
/// An array that cannot be written to its end aborts the connection, so that no client takes the part for the whole. No
/// other coding is offered, since a gzip decoder is cheap and available everywhere.
/// </remarks>
internal static class ListResponse
{
    // Larger than the default of 4 KiB: each buffer is a call of the server, or of the compressor.
    private static readonly StreamPipeWriterOptions Buffers = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    /// <summary>Sends the headers and, unless the method is HEAD, the array.</summary>
    /// <param name="context">The request. The response must not have started.</param>
    /// <param name="write">Writes the array.</param>
    /// <param name="writeGzip">Writes the array as gzip from pages that are kept, or <see langword="null"/> if there are none.</param>
    internal static async Task WriteAsync(HttpContext context, Func<PipeWriter, Task> write, Func<PipeWriter, Task>? writeGzip = null)
    {
        var (request, response) = (context.Request, context.Response);
        response.ContentType = TaskEndpoints.JsonType;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        var isCompressed = PrefersGZip(request.Headers.AcceptEncoding);
        if (isCompressed)
            response.Headers.ContentEncoding = "gzip";
        if (HttpMethods.IsHead(request.Method))
            return;

        var gzip = isCompressed && writeGzip is null ? new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true) : null;
        var output = PipeWriter.Create(gzip ?? response.Body, Buffers);
        try
        {
            await (isCompressed && writeGzip is not null ? writeGzip(output) : write(output));
            await output.CompleteAsync();
        }
        catch (Exception exception)
        {
            await output.CompleteAsync(exception);
            if (!response.HasStarted)
                throw; // The compressor is not disposed, since it would write its trailer ahead of the error response.

            // First the connection, then the compressor: no client may receive a trailer behind an incomplete array.
            context.Abort();
            if (gzip is not null)
                await gzip.DisposeAsync();
            throw;
        }

        if (gzip is not null)
            await gzip.DisposeAsync();
    }

    // RFC 9110 §12.5.3: gzip must be acceptable, and at least as welcome as no coding.
    private static bool PrefersGZip(StringValues acceptEncoding)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptEncoding, out var codings))
            return false;

        double? gzip = null, identity = null, others = null;
        foreach (var coding in codings)
        {
            var quality = coding.Quality ?? 1;
            if (coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Value.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
                gzip = quality;
            else if (coding.Value.Equals("identity", StringComparison.OrdinalIgnoreCase))
                identity = quality;
            else if (coding.Value.Equals("*", StringComparison.Ordinal))
                others = quality;
        }

        // No coding is acceptable unless it is listed with zero; a client that lists gzip and not identity prefers gzip.
        var wanted = gzip ?? others ?? 0;
        return wanted > 0 && wanted >= (identity ?? 0);
    }
}
