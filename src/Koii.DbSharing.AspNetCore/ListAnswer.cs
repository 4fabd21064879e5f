using System.IO.Compression;
using System.IO.Pipelines;
using Koii.DbSharing.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers with a whole list: unchanged, or as a stream, compressed where the client asks for it.</summary>
internal static class ListAnswer
{
    // Larger pieces than the default of 4 KiB: each is a call of the server, or of the compressor.
    private static readonly StreamPipeWriterOptions Buffered = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder, ListForm form)
    {
        var (request, response) = (context.Request, context.Response);
        // Before the first row is read: the tag must not promise more than the rows keep.
        var entityTag = await responder.GetEntityTagAsync(form, context.RequestAborted);
        response.Headers.ETag = entityTag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        if (IsHeld(request, entityTag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = JsonAnswer.ContentType;
        var compressed = ContentCoding.PrefersGZip(request.Headers.AcceptEncoding);
        if (compressed)
            response.Headers.ContentEncoding = "gzip";
        if (HttpMethods.IsHead(request.Method))
            return;

        if (compressed)
            await WriteCompressedAsync(context, responder, form);
        else
            await WritePlainAsync(context, responder, form);
    }

    private static async Task WritePlainAsync(HttpContext context, LinktreeResponder responder, ListForm form)
    {
        var output = PipeWriter.Create(context.Response.Body, Buffered);
        try
        {
            await responder.WriteListAsync(output, form, context.RequestAborted);
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

    private static async Task WriteCompressedAsync(HttpContext context, LinktreeResponder responder, ListForm form)
    {
        var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        var output = PipeWriter.Create(gzip, Buffered);
        try
        {
            await responder.WriteListAsync(output, form, context.RequestAborted);
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

    // RFC 9110 §13.1.2: weak comparison, and a list that cannot be read names no tag.
    private static bool IsHeld(HttpRequest request, string entityTag)
    {
        if (!EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var held))
            return false;
        var current = EntityTagHeaderValue.Parse(entityTag);
        return held.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: false));
    }
}
