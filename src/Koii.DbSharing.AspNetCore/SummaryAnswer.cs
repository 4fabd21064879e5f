using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers with count and fingerprint of all that is held: what peers ask first, every round.</summary>
internal static class SummaryAnswer
{
    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder)
    {
        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
            await responder.WriteSummaryAsync(context.Response.BodyWriter, context.RequestAborted);
    }
}
