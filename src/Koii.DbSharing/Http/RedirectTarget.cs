using System.Text;

namespace Koii.DbSharing.Http;

/// <summary>
/// Names the target of a redirect for people. Redirects are not followed, but an operator has to know which address to configure. Of the
/// text that the other side wrote, only a scheme, a host and a port may reach a log or a report.
/// </summary>
internal static class RedirectTarget
{
    private const int MaxLength = 2_048;

    /// <summary>Gets the target of a response.</summary>
    /// <returns>
    /// Such as <c>https://node.example:443</c>; <see langword="null"/> where the response is not a redirect to an http or https URL with
    /// an ASCII host.
    /// </returns>
    public static string? Of(HttpResponseMessage response)
    {
        if ((int)response.StatusCode is < 300 or > 399 || response.RequestMessage?.RequestUri is not { } requested
            || !response.Headers.NonValidated.TryGetValues("Location", out var values))
        {
            return null;
        }

        // Checked before Uri parses it, which is lenient and was seen to throw for characters beyond ASCII.
        var location = values.ToString();
        if (location.Length is 0 or > MaxLength || location.AsSpan().ContainsAnyExceptInRange('!', '~')
            || !Uri.TryCreate(requested, location, out var target)
            || (target.Scheme != Uri.UriSchemeHttp && target.Scheme != Uri.UriSchemeHttps))
        {
            return null;
        }

        return target.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 && Ascii.IsValid(target.Host)
            ? $"{target.Scheme}://{target.Host}:{target.Port}"
            : null;
    }
}
