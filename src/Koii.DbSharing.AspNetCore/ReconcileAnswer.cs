using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers one reconciliation message with another (protocol §5).</summary>
internal static class ReconcileAnswer
{
    // Where a million records are held, so many bytes of message and answer took 3 to 10 ms to compute, and the dearest message as a whole 130 ms.
    private const int BytesForRequest = 16 * 1024;

    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder)
    {
        if (await BinaryBody.ReadAsync(context, LinktreeResponder.MaxMessageBytes) is not { } message)
            return;
        if (await responder.ReconcileAsync(message, context.RequestAborted) is not { } answer)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is no reconciliation message.");
            return;
        }

        // Told before it is sent: who goes away meanwhile has had the work done all the same.
        context.Features.GetRequiredFeature<RequestCost>().MoreRequests = (message.Length + answer.Length) / BytesForRequest;
        context.Response.ContentType = BinaryBody.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }
}
