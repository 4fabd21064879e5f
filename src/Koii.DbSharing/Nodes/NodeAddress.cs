using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Koii.DbSharing;

/// <summary>
/// The address of a node: an absolute http or https URL without user information, query and fragment (protocol §4.1).
/// Two spellings of one URL are equal: scheme and host are in lower case, the host in its ASCII form (RFC 5891) or as a
/// plain IP address, dot segments are resolved, and a default port, the root dot of a name and trailing slashes are
/// removed.
/// </summary>
public sealed record NodeAddress
{
    /// <summary>The maximum number of characters that a URL may have, as it comes and in its normal form.</summary>
    public const int MaxLength = 2_048;

    // Uri is lenient: it trims white space, takes a backslash for a slash and escapes control characters. The result of
    // parsing must not depend on that. It drops bidirectional controls too. An empty query or fragment leaves no trace
    // in the parts of a Uri, only in the text.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        string.Concat(Enumerable.Range(0, 0x21).Select(c => (char)c))
        + "\u007f\\?#\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069");

    private NodeAddress(string url) => Url = url;

    /// <summary>
    /// The URL without a trailing slash, such as <c>https://node.example:8443/base</c>. Paths are appended to it.
    /// </summary>
    public string Url { get; }

    /// <summary>The host without the port; an IPv6 address in its brackets.</summary>
    internal string Host
    {
        get
        {
            var start = Url.IndexOf("://", StringComparison.Ordinal) + 3;
            var slash = Url.IndexOf('/', start);
            var authority = slash < 0 ? Url[start..] : Url[start..slash];
            var colon = authority.LastIndexOf(':');
            return colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
        }
    }

    /// <summary>Parses an address from a trusted source.</summary>
    /// <param name="url">The URL.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is not such a URL.</exception>
    public static NodeAddress Parse(string url) =>
        TryParse(url, out var address)
            ? address
            : throw new FormatException(
                $"'{url}' is not a node address: an absolute http or https URL without user information, query and fragment is needed.");

    /// <summary>Parses an address from any source.</summary>
    /// <param name="url">The URL, at most <see cref="MaxLength"/> characters.</param>
    /// <param name="address">The address, when the method returns <see langword="true"/>.</param>
    /// <returns>Whether the text is an address.</returns>
    public static bool TryParse([NotNullWhen(true)] string? url, [NotNullWhen(true)] out NodeAddress? address)
    {
        address = null;
        // One pass can uncover another: "0x7f.1." is a name until its dot is cut, and an IP address afterwards. Only a
        // text that stays the same is an address.
        for (var pass = 0; pass < 4; pass++)
        {
            if (!TryNormalize(url, out var normal))
                return false;
            if (normal == url)
            {
                address = new NodeAddress(normal);
                return true;
            }

            url = normal;
        }

        return false;
    }

    /// <summary>The URL.</summary>
    /// <returns><see cref="Url"/>.</returns>
    public override string ToString() => Url;

    private static bool TryNormalize([NotNullWhen(true)] string? text, [NotNullWhen(true)] out string? normal)
    {
        normal = null;
        if (text is null || text.Length > MaxLength || text.AsSpan().ContainsAny(Forbidden) || !HasWebScheme(text))
            return false;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Port is 0 || !HasPlainAuthority(text.AsSpan(uri.Scheme.Length)))
            return false;

        var host = uri.HostNameType switch
        {
            UriHostNameType.Dns => AsciiHost(uri),
            UriHostNameType.IPv4 or UriHostNameType.IPv6 => uri.Host,
            _ => "",
        };
        host = host.EndsWith('.') ? host[..^1] : host;
        if (host.Length == 0 || !Ascii.IsValid(host))
            return false;

        normal = $"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}{uri.AbsolutePath}".TrimEnd('/');
        return normal.Length <= MaxLength;
    }

    // Checked before Uri parses it: Uri takes "//host" for a file, and was seen to throw IndexOutOfRangeException from
    // TryCreate for "//" and a bidirectional control.
    private static bool HasWebScheme(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name in its ASCII form, or the empty string where it has none.</summary>
    private static string AsciiHost(Uri uri)
    {
        if (Ascii.IsValid(uri.Host))
            return uri.Host;
        try
        {
            return uri.IdnHost;
        }
        catch (UriFormatException)
        {
            // The framework offers no check without an exception. Only hosts beyond ASCII get here, which is cheap
            // enough for a list of ten thousand.
            return "";
        }
    }

    /// <summary>
    /// Whether the part from the scheme on is "://", a host, perhaps a port, and nothing that <see cref="Uri"/> would
    /// drop or move.
    /// </summary>
    private static bool HasPlainAuthority(ReadOnlySpan<char> rest)
    {
        if (!rest.StartsWith("://"))
            return false;
        rest = rest[3..];
        var authority = rest.IndexOf('/') is >= 0 and var end ? rest[..end] : rest;
        // '@' is user information, even an empty one; '%' is a zone, which means nothing on another machine.
        if (authority.ContainsAny('@', '%'))
            return false;
        return !authority.StartsWith("[") || (authority[(authority.IndexOf(']') + 1)..] is var tail && (tail.IsEmpty || tail[0] == ':'));
    }
}
