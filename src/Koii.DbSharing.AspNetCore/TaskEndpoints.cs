using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>The HTTP endpoints of one task (protocol §3), a method for each.</summary>
/// <remarks>
/// Each request is subject to the limits of the options before an endpoint runs. Responses and log messages contain
/// nothing that a request contains.
/// </remarks>
internal sealed partial class TaskEndpoints(
    string name, string taskId, DbSharingEndpointOptions options, TimeProvider clock, ILogger<TaskEndpoints> logger)
{
    /// <summary>The Content-Type of all successful responses that are JSON.</summary>
    internal const string JsonType = "application/json; charset=utf-8";

    // Above the limit of each endpoint. The server discards what lies between, so that a client that sent a little too
    // much can still read why it got 413.
    private const int MaxBodyBytes = 1024 * 1024;

    // With a million records held, so many bytes of message and answer took 3 to 10 ms to compute, and the most expensive
    // message 130 ms.
    private const int ReconciliationBytesPerRequest = 16 * 1024;

    // The front end compares this text literally (protocol §3).
    private static readonly byte[] Registered = """{"message":"Proof and linktree registered successfully"}"""u8.ToArray();

    private readonly RequestLimiter _limiter = new(options, clock);

    internal void MapTo(IEndpointRouteBuilder endpoints, Func<string, RoutePattern> pattern)
    {
        Map("/all", "GET, HEAD", context => GetListAsync(context, ListForm.KeyedByPublicKey), isList: true);
        Map("/list", "GET, HEAD", context => GetListAsync(context, ListForm.Bare), isList: true);
        Map("/get/{publicKey}", "GET, HEAD", GetNewestAsync);
        Map("", "POST", SubmitAsync);
        Map("/summary", "GET, HEAD", GetSummaryAsync, isExtension: true);
        Map("/reconcile", "POST", ReconcileAsync, isExtension: true);
        Map("/fetch", "POST", FetchAsync, isExtension: true);

        void Map(string path, string methods, RequestDelegate endpoint, bool isList = false, bool isExtension = false)
        {
            endpoints.Map(pattern(path), Handler(endpoint, isList, isExtension)).WithMetadata(new HttpMethodMetadata(methods.Split(", ")));
            // Routing answers other methods with 405 too, but with an empty body. It prefers endpoints that name the method.
            endpoints.Map(pattern(path), Handler(context => RefuseMethodAsync(context, methods), isList: false, isExtension));
        }

        RequestDelegate Handler(RequestDelegate endpoint, bool isList, bool isExtension)
        {
            RequestDelegate served = isExtension ? context => IfExtensionAsync(context, endpoint) : endpoint;
            return context => HandleAsync(context, isList, served);
        }
    }

    /// <summary>Maps a verdict to an HTTP status code and the detail of the problem.</summary>
    internal static (int Status, string Detail) ToResponse(Verdict verdict) => verdict.Kind switch
    {
        VerdictKind.Inserted or VerdictKind.Replaced or VerdictKind.Unchanged => (StatusCodes.Status200OK, ""),
        VerdictKind.Superseded => (StatusCodes.Status409Conflict, "A newer version, or enough newer records of this author, are held."),
        VerdictKind.NotYetValid => (StatusCodes.Status400BadRequest, "The timestamp is too far in the future."),
        VerdictKind.Full => (StatusCodes.Status507InsufficientStorage, "The node accepts no more authors."),
        VerdictKind.Rejected => verdict.Reason switch
        {
            RejectionReason.TooLarge => (StatusCodes.Status413PayloadTooLarge, "The record is too large."),
            RejectionReason.TooDeep => (StatusCodes.Status400BadRequest, "The data is nested too deeply."),
            RejectionReason.BadPublicKey => (StatusCodes.Status400BadRequest, "The public key is missing or is not base58 of 32 bytes."),
            RejectionReason.BadSignatureEncoding => (StatusCodes.Status400BadRequest, "The signature is missing or is not base58 of 64 bytes."),
            RejectionReason.OtherTask => (StatusCodes.Status400BadRequest, "The record belongs to another task."),
            RejectionReason.BadSignature => (StatusCodes.Status400BadRequest, "The signature does not fit the record."),
            RejectionReason.Policy => (StatusCodes.Status400BadRequest, "This node does not accept this record."),
            _ => (StatusCodes.Status400BadRequest, "The body must be an object whose member payload holds a well-formed record."),
        },
        _ => throw new InvalidOperationException($"The verdict {verdict.Kind} has no HTTP status."),
    };

    /// <summary>Runs an endpoint within the limits, and answers for it where it cannot.</summary>
    private async Task HandleAsync(HttpContext context, bool isList, RequestDelegate endpoint)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = MaxBodyBytes;

        var client = ClientOf(context);
        isList &= HttpMethods.IsGet(context.Request.Method);
        if (_limiter.Acquire(client, isList) is { } exceeded)
        {
            await RefuseAsync(context, exceeded);
            return;
        }

        try
        {
            await RunWithinDeadlineAsync(context, endpoint);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            var isTooLarge = exception.StatusCode == StatusCodes.Status413PayloadTooLarge;
            await Problem.WriteAsync(context, exception.StatusCode, isTooLarge ? "The body is too large." : "The request could not be read.");
        }
        finally
        {
            _limiter.Release(client, isList);
        }
    }

    /// <summary>Runs an endpoint within the deadline, and answers 408 or 503 if it is exceeded before the response has started.</summary>
    private async Task RunWithinDeadlineAsync(HttpContext context, RequestDelegate endpoint)
    {
        using var deadline = new RequestDeadline(context, options, clock);
        var (aborted, requestBody) = (context.RequestAborted, context.Request.Body);
        var responseBody = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var bodies = new DeadlineStream(context.Request.BodyReader, responseBody.Stream, deadline);
        context.RequestAborted = deadline.Token;
        context.Request.Body = bodies;
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(bodies, responseBody));
        var isCanceled = false;
        try
        {
            await RunAsync(context, endpoint);
        }
        catch (OperationCanceledException) when (deadline.IsExceeded)
        {
            isCanceled = true;
        }
        finally
        {
            context.Features.Set(responseBody);
            (context.Request.Body, context.RequestAborted) = (requestBody, aborted);
        }

        // If the response has started, the deadline has aborted the connection.
        if (!isCanceled || context.Response.HasStarted)
            return;
        if (deadline.IsClientSlow)
            await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout, "The body arrived too slowly.");
        else
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The response took too long.");
    }

    private async Task RunAsync(HttpContext context, RequestDelegate endpoint)
    {
        try
        {
            await endpoint(context);
        }
        catch (LinktreeStoreException exception)
        {
            Log.StoreFailed(logger, taskId, exception);
            // Where the response has started, the connection is already aborted.
            if (!context.Response.HasStarted)
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node cannot reach its store.");
        }
    }

    private async Task GetListAsync(HttpContext context, ListForm form)
    {
        var (responder, response) = (Responder(context), context.Response);
        // Before the first record is read: a tag of a later state would promise records that the list lacks.
        var entityTag = await responder.GetEntityTagAsync(form, context.RequestAborted);
        response.Headers.ETag = entityTag;
        response.Headers.CacheControl = "no-cache";
        if (IsUnchanged(context.Request, entityTag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
            return;
        }

        await ListResponse.WriteAsync(
            context,
            output => responder.WriteListAsync(output, form, context.RequestAborted),
            responder.HasExtension ? output => responder.WriteGzipListAsync(output, form, context.RequestAborted) : null);
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

    // The Content-Type is ignored: the signature authenticates the record and not the page that sent it, so a form on
    // another site can do no more than any other client.
    private async Task SubmitAsync(HttpContext context)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Send the record without a content coding.");
            return;
        }

        var body = await RequestBody.ReadAsync(context, LinktreeResponder.MaxSubmissionBytes);
        var verdict = body is null
            ? new Verdict(VerdictKind.Rejected, RejectionReason.TooLarge)
            : await Responder(context).SubmitAsync(body.Value, context.RequestAborted);
        var (status, detail) = ToResponse(verdict);
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

    private async Task ReconcileAsync(HttpContext context)
    {
        if (await RequestBody.ReadBinaryAsync(context, LinktreeResponder.MaxMessageBytes) is not { } message)
            return;
        if (await Responder(context).ReconcileAsync(message, context.RequestAborted) is not { } answer)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is not a reconciliation message.");
            return;
        }

        // Before the answer is sent: a client that disconnects has caused the work all the same.
        _limiter.Charge(ClientOf(context), (message.Length + answer.Length) / ReconciliationBytesPerRequest);
        await WriteAsync(context, RequestBody.BinaryType, answer);
    }

    private async Task FetchAsync(HttpContext context)
    {
        if (await RequestBody.ReadBinaryAsync(context, LinktreeResponder.MaxFetchedIds * LinktreeId.Size) is not { } body)
            return;
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
        : Problem.WriteAsync(context, StatusCodes.Status404NotFound, "This node does not support reconciliation.");

    private static Task RefuseMethodAsync(HttpContext context, string methods)
    {
        context.Response.Headers.Allow = methods;
        return Problem.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, $"This path answers {methods}.");
    }

    private static Task RefuseAsync(HttpContext context, ExceededLimit exceeded)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(exceeded.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return exceeded.IsClientLimit
            ? Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests came from this address.")
            : Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node is busy with other clients.");
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

    private static ClientAddress ClientOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);

    private LinktreeResponder Responder(HttpContext context) => name.Length == 0
        ? context.RequestServices.GetRequiredService<LinktreeResponder>()
        : context.RequestServices.GetRequiredKeyedService<LinktreeResponder>(name);
}
