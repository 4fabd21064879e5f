using Koii.DbSharing.Serving;
using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers one reconciliation message with another (protocol §5).</summary>
internal static class ReconcileAnswer
{
    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder)
    {
        if (await BinaryBody.ReadAsync(context, LinktreeResponder.MaxMessageBytes) is not { } message)
            return;
        if (await responder.ReconcileAsync(message, context.RequestAborted) is not { } answer)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is no reconciliation message.");
            return;
        }

        context.Response.ContentType = BinaryBody.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }
}
