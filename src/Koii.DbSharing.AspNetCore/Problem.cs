using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Writes error responses as problem details (RFC 9457).</summary>
/// <remarks>
/// The detail is a fixed sentence of this package, never text of an exception or of the request. ASP.NET's problem
/// details service is not used, because an application may extend it with such text, and because it has no member
/// <c>error</c>.
/// </remarks>
internal static class Problem
{
    /// <summary>Answers with a problem. The response must not have started.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status code.</param>
    /// <param name="detail">
    /// One sentence. It is also written as <c>error</c>, which the protocol's clients read (§3).
    /// </param>
    internal static async Task WriteAsync(HttpContext context, int status, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        // An endpoint may have set these for the response that is replaced.
        response.Headers.ContentEncoding = default;
        response.Headers.ETag = default;
        response.Headers.CacheControl = "no-store";

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            json.WriteString("error", detail);
            json.WriteEndObject();
        }

        response.ContentLength = body.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }
}
