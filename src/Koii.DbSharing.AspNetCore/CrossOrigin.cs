using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Lets pages of any origin read and post, without credentials (the CORS protocol of the Fetch standard).</summary>
/// <remarks>
/// Records are signed and the endpoints use no cookies, so a page can do no more than any other client. An endpoint to which
/// the application has added a CORS policy is left to it: browsers refuse a response with two values of
/// <c>Access-Control-Allow-Origin</c>.
/// </remarks>
internal static class CrossOrigin
{
    // Chromium uses at most two hours.
    private const string MaxAgeSeconds = "7200";

    /// <summary>
    /// Adds the headers of a response, and answers the request if it is the preflight request of a browser.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="methods">The methods of the path, with commas between them.</param>
    /// <returns>Whether the request was answered.</returns>
    internal static bool Apply(HttpContext context, string methods)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null)
            return false;

        // Also without an Origin: a cache may use the response for a page.
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.AccessControlAllowOrigin = "*";
        if (!HttpMethods.IsOptions(request.Method) || request.Headers.Origin.Count == 0 || request.Headers.AccessControlRequestMethod.Count == 0)
        {
            headers.AccessControlExposeHeaders = $"{HeaderNames.ETag}, {HeaderNames.RetryAfter}";
            return false;
        }

        headers.AccessControlAllowMethods = methods;
        headers.AccessControlAllowHeaders = "*";
        headers.AccessControlMaxAge = MaxAgeSeconds;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
