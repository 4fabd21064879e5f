using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Runs the endpoints of one task within the limits, and answers for them where they cannot.</summary>
/// <remarks>
/// A request without a body takes its permit at once. A request with a body is charged to the rates at once and takes its
/// permit when the body has arrived; <see cref="PendingBodies"/> bounds the bodies until then.
/// </remarks>
/// <param name="options">The limits.</param>
/// <param name="clock">The clock of the limits.</param>
/// <param name="storeFailures">Logs failures of the store.</param>
/// <param name="authorization">Applies the fallback policy of the application.</param>
/// <param name="stopping">Canceled when the application stops.</param>
internal sealed class RequestPipeline(
    DbSharingEndpointOptions options,
    TimeProvider clock,
    StoreFailureLog storeFailures,
    FallbackAuthorization authorization,
    CancellationToken stopping)
{
    // Above the limit of each endpoint. The server discards what lies between, so that a client that sent a little too
    // much can still read why it got 413.
    private const int MaxBodyBytes = 1024 * 1024;

    private readonly RequestLimiter _limiter = new(options, clock);
    private readonly PendingBodies _bodies = new(clock);

    /// <summary>Creates the delegate of an endpoint that reads no body.</summary>
    internal RequestDelegate Create(RequestDelegate endpoint, bool isList = false) => context =>
        RunAsync(context, () => HandleAsync(context, isList && HttpMethods.IsGet(context.Request.Method), endpoint));

    /// <summary>Creates the delegate of an endpoint that reads a body.</summary>
    internal RequestDelegate Create(BodyEndpoint endpoint) => context => RunAsync(context, () => HandleAsync(context, endpoint));

    /// <summary>Charges the client of a request with more requests, when the cost of the request is known.</summary>
    internal void Charge(HttpContext context, int requests) => _limiter.Charge(ClientOf(context), requests);

    private static ClientAddress ClientOf(HttpContext context) => ClientAddress.Of(context.Connection.RemoteIpAddress);

    private async Task RunAsync(HttpContext context, Func<Task> handle)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = MaxBodyBytes;
        if (!await authorization.IsAllowedAsync(context))
            return;

        try
        {
            await handle();
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            var isTooLarge = exception.StatusCode == StatusCodes.Status413PayloadTooLarge;
            await Problem.WriteAsync(context, exception.StatusCode, isTooLarge ? "The body is too large." : "The request could not be read.");
        }
    }

    private async Task HandleAsync(HttpContext context, bool isList, RequestDelegate endpoint)
    {
        var client = ClientOf(context);
        if (_limiter.Acquire(client, isList) is { } exceeded)
        {
            await RefuseAsync(context, exceeded);
            return;
        }

        try
        {
            await RunWithinDeadlineAsync(context, (_, _) => RunOverStoreAsync(context, endpoint, isWrite: false));
        }
        finally
        {
            _limiter.Release(client, isList);
        }
    }

    private async Task HandleAsync(HttpContext context, BodyEndpoint endpoint)
    {
        var client = ClientOf(context);
        if (_limiter.AcquireRate(client) is { } exceeded)
            await RefuseAsync(context, exceeded);
        else
            await RunWithinDeadlineAsync(context, (stream, deadline) => HandleBodyAsync(context, endpoint, client, stream, deadline));
    }

    private async Task HandleBodyAsync(
        HttpContext context, BodyEndpoint endpoint, ClientAddress client, DeadlineStream stream, RequestDeadline deadline)
    {
        if (!await endpoint.IsAcceptedAsync(context))
            return;

        // The Content-Length of a body that is too long is enough to refuse it.
        var body = context.Request.ContentLength > endpoint.MaxBytes
            ? ReceivedBody.TooLong
            : await RequestBody.ReadAsync(stream, endpoint.MaxBytes, _bodies, deadline);
        if (body.Status == BodyStatus.TooLong)
        {
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body has more than {endpoint.MaxBytes} bytes.");
            return;
        }

        if (body.Status == BodyStatus.Refused)
        {
            await RefuseAsync(context, new ExceededLimit(IsClientLimit: false, PendingBodies.MinAge));
            return;
        }

        if (_limiter.AcquirePermit(client) is { } exceeded)
        {
            await RefuseAsync(context, exceeded);
            return;
        }

        try
        {
            await RunOverStoreAsync(context, _ => endpoint.RunAsync(context, body.Bytes), endpoint.IsWrite);
        }
        finally
        {
            _limiter.Release(client, isList: false);
        }
    }

    /// <summary>
    /// Runs an endpoint within the deadline, and answers 408 or 503 if it is exceeded before the response has started.
    /// </summary>
    private async Task RunWithinDeadlineAsync(HttpContext context, Func<DeadlineStream, RequestDeadline, Task> run)
    {
        using var deadline = new RequestDeadline(context, options, clock, stopping);
        var (aborted, requestBody) = (context.RequestAborted, context.Request.Body);
        var responseBody = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var bodies = new DeadlineStream(context.Request.BodyReader, responseBody.Stream, deadline);
        context.RequestAborted = deadline.Token;
        context.Request.Body = bodies;
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(bodies, responseBody));
        var isCanceled = false;
        try
        {
            await run(bodies, deadline);
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
        if (!isCanceled || deadline.IsAborted || context.Response.HasStarted)
            return;
        if (deadline.IsClientSlow)
            await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout, "The body arrived too slowly.");
        else
            await Problem.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, deadline.IsStopping ? "The node is stopping." : "The response took too long.");
    }

    private async Task RunOverStoreAsync(HttpContext context, RequestDelegate endpoint, bool isWrite)
    {
        try
        {
            await endpoint(context);
            storeFailures.ReportSuccess(isWrite);
        }
        catch (LinktreeStoreException exception)
        {
            storeFailures.Report(isWrite, exception);
            // Where the response has started, the connection is already aborted.
            if (!context.Response.HasStarted)
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node cannot reach its store.");
        }
    }

    private static Task RefuseAsync(HttpContext context, ExceededLimit exceeded)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(exceeded.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return exceeded.IsClientLimit
            ? Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests came from this address.")
            : Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node is busy with other clients.");
    }
}
