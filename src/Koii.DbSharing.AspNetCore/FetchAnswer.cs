using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Answers a number of record ids, side by side, with the records that are held.</summary>
internal static class FetchAnswer
{
    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder)
    {
        if (await BinaryBody.ReadAsync(context, LinktreeResponder.MaxFetchedIds * LinktreeId.Size) is not { } body)
            return;
        if (body.IsEmpty || body.Length % LinktreeId.Size != 0)
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status400BadRequest, $"The body must be 1 to {LinktreeResponder.MaxFetchedIds} record ids of {LinktreeId.Size} bytes.");
            return;
        }

        var ids = new LinktreeId[body.Length / LinktreeId.Size];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = new LinktreeId(body.Span.Slice(i * LinktreeId.Size, LinktreeId.Size));

        context.Response.Headers.CacheControl = "no-store";
        await StreamedList.WriteAsync(context, output => responder.WriteRecordsAsync(output, ids, context.RequestAborted));
    }
}
