using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>The HTTP endpoints of one task (protocol §3), a method for each.</summary>
/// <remarks>
/// Each request is subject to the limits of the pipeline before an endpoint runs. Responses and log messages contain
/// nothing that a request contains.
/// </remarks>
/// <param name="name">The name of the task's services, or the empty string.</param>
/// <param name="pipeline">Runs the endpoints within the limits.</param>
/// <param name="allowAnyOrigin">Whether pages of any origin may read and post.</param>
internal sealed class TaskEndpoints(string name, RequestPipeline pipeline, bool allowAnyOrigin)
{
    /// <summary>The Content-Type of all successful responses that are JSON.</summary>
    internal const string JsonType = "application/json; charset=utf-8";

    // With a million records held, so many bytes of message and answer took 3 to 10 ms to compute, and the most expensive
    // message 130 ms.
    private const int ReconciliationBytesPerRequest = 16 * 1024;

    // The front end compares this text literally (protocol §3).
    private static readonly byte[] Registered = """{"message":"Proof and linktree registered successfully"}"""u8.ToArray();

    internal void MapTo(IEndpointRouteBuilder endpoints, Func<string, RoutePattern> pattern)
    {
        Map("/all", "GET, HEAD", pipeline.Create(context => GetListAsync(context, ListForm.KeyedByPublicKey), isList: true));
        Map("/list", "GET, HEAD", pipeline.Create(context => GetListAsync(context, ListForm.Bare), isList: true));
        Map("/get/{publicKey}", "GET, HEAD", pipeline.Create(GetNewestAsync));
        Map("", "POST, PUT", pipeline.Create(
            new BodyEndpoint(IsSubmissionAsync, LinktreeResponder.MaxSubmissionBytes, SubmitAsync) { IsWrite = true }));
        Map("/summary", "GET, HEAD", pipeline.Create(context => IfExtensionAsync(context, GetSummaryAsync)), isExtension: true);
        Map("/reconcile", "POST", pipeline.Create(
            new BodyEndpoint(IsMessageAsync, LinktreeResponder.MaxMessageBytes, ReconcileAsync)), isExtension: true, isForPages: false);
        Map("/fetch", "POST", pipeline.Create(
            new BodyEndpoint(IsMessageAsync, LinktreeResponder.MaxFetchedIds * LinktreeId.Size, FetchAsync)), isExtension: true, isForPages: false);

        void Map(string path, string methods, RequestDelegate endpoint, bool isExtension = false, bool isForPages = true)
        {
            endpoints.Map(pattern(path), WithOrigin(endpoint)).WithMetadata(new HttpMethodMetadata(methods.Split(", ")));

            // Routing answers other methods with 405 too, but with an empty body. It prefers endpoints that name the method.
            RequestDelegate refuse = context => RefuseMethodAsync(context, methods);
            endpoints.Map(pattern(path), WithOrigin(pipeline.Create(isExtension ? context => IfExtensionAsync(context, refuse) : refuse)));

            RequestDelegate WithOrigin(RequestDelegate served) =>
                allowAnyOrigin && isForPages ? context => CrossOrigin.Apply(context, methods) ? Task.CompletedTask : served(context) : served;
        }
    }

    private async Task GetListAsync(HttpContext context, ListForm form)
    {
        var (responder, response) = (Responder(context), context.Response);
        var list = await responder.OpenListAsync(form, context.RequestAborted);
        response.Headers.ETag = list.EntityTag;
        response.Headers.CacheControl = "no-cache";
        if (IsUnchanged(context.Request, list.EntityTag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
            return;
        }

        await ListResponse.WriteAsync(
            context,
            output => list.WriteAsync(output, context.RequestAborted),
            responder.HasExtension ? output => list.WriteGzipAsync(output, context.RequestAborted) : null);
    }

    private async Task GetNewestAsync(HttpContext context)
    {
        context.Response.ContentType = JsonType;
        context.Response.Headers.CacheControl = "no-cache";
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        // Text that is not a public key has no records, like an author without any.
        if (PublicKey.TryParse(context.Request.RouteValues["publicKey"] as string, out var author))
            await Responder(context).WriteNewestAsync(context.Response.BodyWriter, author, context.RequestAborted);
        else
            await context.Response.Body.WriteAsync("[]"u8.ToArray(), context.RequestAborted);
    }

    // The media type is ignored: the signature authenticates the record and not the page that sent it, so a form on
    // another site can do no more than any other client.
    private static async Task<bool> IsSubmissionAsync(HttpContext context)
    {
        var error = !RequestBody.HasNoCoding(context.Request) ? "Send the record without a content coding."
            : RequestBody.IsWideText(context.Request) ? "Send the record as UTF-8."
            : null;
        if (error is not null)
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, error);
        return error is null;
    }

    private async Task SubmitAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        // The byte order marks of UTF-16. A text in UTF-8 cannot begin so.
        if (body.Span is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Send the record as UTF-8.");
            return;
        }

        var verdict = await Responder(context).SubmitAsync(body, context.RequestAborted);
        var (status, detail) = VerdictResponse.Of(verdict);
        if (status == StatusCodes.Status200OK)
            await WriteAsync(context, JsonType, Registered);
        else
            await Problem.WriteAsync(context, status, detail);
    }

    private async Task GetSummaryAsync(HttpContext context)
    {
        context.Response.ContentType = JsonType;
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
            await Responder(context).WriteSummaryAsync(context.Response.BodyWriter, context.RequestAborted);
    }

    private async Task<bool> IsMessageAsync(HttpContext context)
    {
        if (Responder(context).HasExtension)
            return await RequestBody.IsBinaryAsync(context);
        await RefuseExtensionAsync(context);
        return false;
    }

    private async Task ReconcileAsync(HttpContext context, ReadOnlyMemory<byte> message)
    {
        if (await Responder(context).ReconcileAsync(message, context.RequestAborted) is not { } answer)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is not a reconciliation message.");
            return;
        }

        // Before the answer is sent: a client that disconnects has caused the work all the same.
        pipeline.Charge(context, (message.Length + answer.Length) / ReconciliationBytesPerRequest);
        await WriteAsync(context, RequestBody.BinaryType, answer);
    }

    private async Task FetchAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty || body.Length % LinktreeId.Size != 0)
        {
            await Problem.WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"The body must be 1 to {LinktreeResponder.MaxFetchedIds} record ids of {LinktreeId.Size} bytes.");
            return;
        }

        var ids = new LinktreeId[body.Length / LinktreeId.Size];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = new LinktreeId(body.Span.Slice(i * LinktreeId.Size, LinktreeId.Size));

        context.Response.Headers.CacheControl = "no-store";
        await ListResponse.WriteAsync(context, output => Responder(context).WriteRecordsAsync(output, ids, context.RequestAborted));
    }

    private Task IfExtensionAsync(HttpContext context, RequestDelegate endpoint) => Responder(context).HasExtension
        ? endpoint(context)
        : RefuseExtensionAsync(context);

    private static Task RefuseExtensionAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "This node does not support reconciliation.");

    private static Task RefuseMethodAsync(HttpContext context, string methods)
    {
        context.Response.Headers.Allow = methods;
        return Problem.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, $"This path answers {methods}.");
    }

    private static async Task WriteAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    // RFC 9110 §13.1.2: weak comparison; an If-None-Match that cannot be parsed names no tag; * matches without one.
    private static bool IsUnchanged(HttpRequest request, string? entityTag)
    {
        if (!EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var held))
            return false;
        var current = entityTag is null ? null : EntityTagHeaderValue.Parse(entityTag);
        return held.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: false));
    }

    private LinktreeResponder Responder(HttpContext context) => name.Length == 0
        ? context.RequestServices.GetRequiredService<LinktreeResponder>()
        : context.RequestServices.GetRequiredKeyedService<LinktreeResponder>(name);
}
