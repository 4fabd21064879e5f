using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

/// <summary>The endpoints of one task. Nothing that a request holds is repeated in an answer or in a log line.</summary>
internal sealed partial class TaskEndpoints(string name, RequestGuard guard, ILogger<TaskEndpoints> logger)
{
    internal void MapTo(IEndpointRouteBuilder endpoints, Func<string, RoutePattern> pattern)
    {
        Map("/all", "GET, HEAD", isList: true, (context, responder) => ListAnswer.WriteAsync(context, responder, ListForm.KeyedByPublicKey));
        Map("/list", "GET, HEAD", isList: true, (context, responder) => ListAnswer.WriteAsync(context, responder, ListForm.Bare));
        Map("/get/{publicKey}", "GET, HEAD", isList: false, WriteNewestAsync);
        Map("", "POST", isList: false, SubmissionAnswer.WriteAsync);
        Map("/summary", "GET, HEAD", isList: false, SummaryAnswer.WriteAsync);
        Map("/reconcile", "POST", isList: false, ReconcileAnswer.WriteAsync);
        Map("/fetch", "POST", isList: false, FetchAnswer.WriteAsync);

        void Map(string path, string methods, bool isList, Func<HttpContext, LinktreeResponder, Task> answer)
        {
            endpoints.Map(pattern(path), context => guard.AnswerAsync(context, isList, () => AnswerAsync(context, answer)))
                .WithMetadata(new HttpMethodMetadata(methods.Split(", ")));
            // Routing would answer 405 too, but with an empty body. An endpoint without methods is only taken where none that names the method fits.
            endpoints.Map(pattern(path), context => guard.AnswerAsync(context, isList: false, () => RefuseMethodAsync(context, methods)));
        }
    }

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, LinktreeResponder, Task> answer)
    {
        try
        {
            await answer(context, Responder(context.RequestServices));
        }
        catch (LinktreeStoreException exception)
        {
            Log.StoreFailed(logger, name, exception);
            // An answer that has begun was cut off where the failure happened.
            if (!context.Response.HasStarted)
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node cannot reach its store.");
        }
    }

    private LinktreeResponder Responder(IServiceProvider services) =>
        name.Length == 0 ? services.GetRequiredService<LinktreeResponder>() : services.GetRequiredKeyedService<LinktreeResponder>(name);

    private static async Task WriteNewestAsync(HttpContext context, LinktreeResponder responder)
    {
        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.Headers.CacheControl = "no-cache";
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        // Text that is no key names nobody, and gets the answer of an author who has nothing.
        if (PublicKey.TryParse(context.Request.RouteValues["publicKey"] as string, out var author))
            await responder.WriteNewestAsync(context.Response.BodyWriter, author, context.RequestAborted);
        else
            await context.Response.Body.WriteAsync("[]"u8.ToArray(), context.RequestAborted);
    }

    private static Task RefuseMethodAsync(HttpContext context, string methods)
    {
        context.Response.Headers.Allow = methods;
        return Problem.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, $"This path answers {methods}.");
    }
}
