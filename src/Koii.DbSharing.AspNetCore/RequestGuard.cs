using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Stands around every request: who may come in, for how long, with how much; and no browser shall see more in an answer than JSON.</summary>
internal sealed class RequestGuard(DbSharingEndpointOptions options, TimeProvider clock)
{
    // More than any endpoint takes in. What is beyond an endpoint's own limit is only swallowed by the server, so that a client which sent a little too much still
    // reads why it was refused.
    private const int MaxBodyBytes = 1024 * 1024;

    private readonly RequestGate _gate = new(options, clock);

    /// <summary>Answers a request within the limits.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isList">Whether a <c>GET</c> of it is answered with a whole list.</param>
    /// <param name="answer">Answers it. Its bodies and its cancellation are those of the context by then.</param>
    internal async Task AnswerAsync(HttpContext context, bool isList, Func<Task> answer)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = MaxBodyBytes;

        var client = ClientAddress.Of(context.Connection.RemoteIpAddress);
        isList &= HttpMethods.IsGet(context.Request.Method);
        var admission = _gate.Enter(client, isList, out var retryAfter);
        if (admission is not GateAnswer.Entered)
        {
            await RefuseAsync(context, admission, retryAfter);
            return;
        }

        var cost = new RequestCost();
        context.Features.Set(cost);
        try
        {
            await AnswerInTimeAsync(context, answer);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            var isTooLarge = exception.StatusCode == StatusCodes.Status413PayloadTooLarge;
            await Problem.WriteAsync(context, exception.StatusCode, isTooLarge ? "The body is too large." : "The request could not be read.");
        }
        finally
        {
            _gate.Leave(client, isList, cost.MoreRequests);
        }
    }

    private async Task AnswerInTimeAsync(HttpContext context, Func<Task> answer)
    {
        using var pace = new ClientPace(context, options, clock);
        var aborted = context.RequestAborted;
        var requestBody = context.Request.Body;
        var responseBody = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.RequestAborted = pace.Token;
        context.Request.Body = new PacedRequestBody(context.Request.BodyReader, pace);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new PacedResponseBody(responseBody.Stream, pace), responseBody));
        var isTooLate = false;
        try
        {
            await answer();
        }
        catch (OperationCanceledException) when (pace.IsExpired)
        {
            isTooLate = true;
        }
        finally
        {
            context.Features.Set(responseBody);
            context.Request.Body = requestBody;
            context.RequestAborted = aborted;
        }

        // An answer that has begun was cut off by the pace itself.
        if (!isTooLate || context.Response.HasStarted)
            return;
        if (pace.IsClientSlow)
            await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout, "The body came too slowly.");
        else
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The answer took too long.");
    }

    private static Task RefuseAsync(HttpContext context, GateAnswer answer, TimeSpan retryAfter)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return answer is GateAnswer.Busy
            ? Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The node is busy with other clients.")
            : Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests came from this address.");
    }
}
