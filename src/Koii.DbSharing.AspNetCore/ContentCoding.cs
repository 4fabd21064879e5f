using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reads which content coding a client wants (RFC 9110 §12.5.3). gzip is the only one served: its decoder is cheap for everybody.</summary>
internal static class ContentCoding
{
    /// <summary>Whether gzip is acceptable and not less welcome than no coding at all.</summary>
    internal static bool PrefersGZip(StringValues acceptEncoding)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptEncoding, out var codings))
            return false;

        double? gzip = null, identity = null, others = null;
        foreach (var coding in codings)
        {
            var quality = coding.Quality ?? 1;
            if (coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Value.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
                gzip = quality;
            else if (coding.Value.Equals("identity", StringComparison.OrdinalIgnoreCase))
                identity = quality;
            else if (coding.Value.Equals("*", StringComparison.Ordinal))
                others = quality;
        }

        // No coding is acceptable unless it is listed with zero; whoever lists gzip and not identity prefers gzip.
        var wanted = gzip ?? others ?? 0;
        return wanted > 0 && wanted >= (identity ?? 0);
    }
}
