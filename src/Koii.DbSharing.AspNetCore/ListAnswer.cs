using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers with a whole list: unchanged, or as a stream.</summary>
internal static class ListAnswer
{
    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder, ListForm form)
    {
        var (request, response) = (context.Request, context.Response);
        // Before the first row is read: the tag must not promise more than the rows keep.
        var entityTag = await responder.GetEntityTagAsync(form, context.RequestAborted);
        response.Headers.ETag = entityTag;
        response.Headers.CacheControl = "no-cache";
        if (IsHeld(request, entityTag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
            return;
        }

        await StreamedList.WriteAsync(context, output => responder.WriteListAsync(output, form, context.RequestAborted));
    }

    // RFC 9110 §13.1.2: weak comparison, and a list that cannot be read names no tag.
    private static bool IsHeld(HttpRequest request, string? entityTag)
    {
        if (entityTag is null || !EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var held))
            return false;
        var current = EntityTagHeaderValue.Parse(entityTag);
        return held.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: false));
    }
}
