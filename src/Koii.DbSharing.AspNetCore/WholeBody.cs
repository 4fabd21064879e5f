using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reads a request's body to its end, as far as it may go.</summary>
internal static class WholeBody
{
    // The buffer grows with what has come, not with what was announced.
    private const int FirstBytes = 8 * 1024;

    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The most bytes it may have.</param>
    /// <returns>The bytes, or <see langword="null"/> where there are more of them: by their announcement before one is read, else no more than a buffer beyond the limit.</returns>
    internal static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
            return null;

        var body = new ArrayBufferWriter<byte>(FirstBytes);
        while (body.WrittenCount <= maxBytes)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(FirstBytes / 2), context.RequestAborted);
            if (read == 0)
                return body.WrittenMemory;
            body.Advance(read);
        }

        return null;
    }
}
