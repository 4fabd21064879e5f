using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Nodes;

/// <summary>
/// Where a node can be reached: an absolute http or https URL without user information, query and fragment (protocol §4.1).
/// Two spellings of one URL are equal: scheme and host are in lower case, a default port and a trailing slash are gone.
/// </summary>
public sealed record NodeAddress
{
    private const int MaxLength = 2_048;

    private NodeAddress(string url) => Url = url;

    /// <summary>The URL without a trailing slash, such as <c>https://node.example:8443/base</c>. Paths are appended to it.</summary>
    public string Url { get; }

    /// <summary>Reads an address that the application vouches for.</summary>
    /// <param name="url">The URL.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is no such URL.</exception>
    public static NodeAddress Parse(string url) =>
        TryParse(url, out var address)
            ? address
            : throw new FormatException($"'{url}' is not a node address: an absolute http or https URL without user information, query and fragment is needed.");

    /// <summary>Reads an address that came from elsewhere.</summary>
    /// <param name="url">The URL, at most 2,048 characters.</param>
    /// <param name="address">The address, when the answer is <see langword="true"/>.</param>
    /// <returns>Whether the text is an address.</returns>
    public static bool TryParse([NotNullWhen(true)] string? url, [NotNullWhen(true)] out NodeAddress? address)
    {
        address = null;
        if (url is null || url.Length > MaxLength || !Uri.TryCreate(url, UriKind.Absolute, out var uri))
            return false;
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            return false;
        // An empty query or fragment leaves no trace in the parts of a Uri, only in the text.
        if (uri.Host.Length == 0 || uri.UserInfo.Length > 0 || url.AsSpan().ContainsAny('?', '#', '@'))
            return false;

        address = new NodeAddress(uri.GetLeftPart(UriPartial.Path).TrimEnd('/'));
        return true;
    }

    /// <summary>The URL.</summary>
    /// <returns><see cref="Url"/>.</returns>
    public override string ToString() => Url;
}
