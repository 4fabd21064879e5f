using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Sends a JSON array as a stream, compressed where the client asks for it. An array that cannot be written to its end is cut off, so that nobody takes it for whole.
/// </summary>
internal static class StreamedList
{
    // Larger pieces than the default of 4 KiB: each is a call of the server, or of the compressor.
    private static readonly StreamPipeWriterOptions Buffered = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    /// <summary>Sends the headers of the form and then the array, or the headers alone where only they are asked for.</summary>
    /// <param name="context">The request. Its answer must not have started.</param>
    /// <param name="write">Writes the array.</param>
    internal static async Task WriteAsync(HttpContext context, Func<PipeWriter, Task> write)
    {
        var (request, response) = (context.Request, context.Response);
        response.ContentType = JsonAnswer.ContentType;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        var compressed = ContentCoding.PrefersGZip(request.Headers.AcceptEncoding);
        if (compressed)
            response.Headers.ContentEncoding = "gzip";
        if (HttpMethods.IsHead(request.Method))
            return;

        if (compressed)
            await WriteCompressedAsync(context, write);
        else
            await WritePlainAsync(context, write);
    }

    private static async Task WritePlainAsync(HttpContext context, Func<PipeWriter, Task> write)
    {
        var output = PipeWriter.Create(context.Response.Body, Buffered);
        try
        {
            await write(output);
            await output.CompleteAsync();
        }
        catch (Exception exception)
        {
            await output.CompleteAsync(exception);
            if (context.Response.HasStarted)
                context.Abort();
            throw;
        }
    }

    private static async Task WriteCompressedAsync(HttpContext context, Func<PipeWriter, Task> write)
    {
        var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        var output = PipeWriter.Create(gzip, Buffered);
        try
        {
            await write(output);
            await output.CompleteAsync();
        }
        catch (Exception exception)
        {
            await output.CompleteAsync(exception);
            // Disposing of the compressor writes the end of its format. Nobody may read that under a list without an end, so the connection goes first;
            // where nothing was sent yet an error is still to be told, and the compressor is left to its finalizer.
            if (context.Response.HasStarted)
            {
                context.Abort();
                await gzip.DisposeAsync();
            }

            throw;
        }

        await gzip.DisposeAsync();
    }
}
