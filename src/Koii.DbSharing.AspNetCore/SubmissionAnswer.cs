using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Takes a record from an author and tells what became of it. The Content-Type is not looked at: the record's signature vouches for it, not the
/// page that sent it, so a form of another site can do no more than anybody else.
/// </summary>
internal static class SubmissionAnswer
{
    // The front end compares this text literally (protocol §3).
    private static readonly byte[] Registered = """{"message":"Proof and linktree registered successfully"}"""u8.ToArray();

    internal static async Task WriteAsync(HttpContext context, LinktreeResponder responder)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Send the record without a content coding.");
            return;
        }

        var body = await WholeBody.ReadAsync(context, LinktreeResponder.MaxSubmissionBytes);
        var verdict = body is null ? new Verdict(VerdictKind.Rejected, RejectionReason.TooLarge) : await responder.SubmitAsync(body.Value, context.RequestAborted);
        var (status, detail) = AnswerTo(verdict);
        if (status != StatusCodes.Status200OK)
        {
            await Problem.WriteAsync(context, status, detail);
            return;
        }

        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = Registered.Length;
        await context.Response.Body.WriteAsync(Registered, context.RequestAborted);
    }

    /// <summary>The one place where a verdict becomes an HTTP status.</summary>
    internal static (int Status, string Detail) AnswerTo(Verdict verdict) => verdict.Kind switch
    {
        VerdictKind.Inserted or VerdictKind.Replaced or VerdictKind.Unchanged => (StatusCodes.Status200OK, ""),
        VerdictKind.Superseded => (StatusCodes.Status409Conflict, "A newer version of this record is held."),
        VerdictKind.NotYetValid => (StatusCodes.Status400BadRequest, "The timestamp is too far in the future."),
        VerdictKind.Full => (StatusCodes.Status507InsufficientStorage, "The node takes no more authors."),
        VerdictKind.Rejected => verdict.Reason switch
        {
            RejectionReason.TooLarge => (StatusCodes.Status413PayloadTooLarge, "The record is too large."),
            RejectionReason.TooDeep => (StatusCodes.Status400BadRequest, "The data is nested too deeply."),
            RejectionReason.BadPublicKey => (StatusCodes.Status400BadRequest, "The public key is missing or is not base58 of 32 bytes."),
            RejectionReason.BadSignatureEncoding => (StatusCodes.Status400BadRequest, "The signature is missing or is not base58 of 64 bytes."),
            RejectionReason.OtherTask => (StatusCodes.Status400BadRequest, "The record belongs to another task."),
            RejectionReason.BadSignature => (StatusCodes.Status400BadRequest, "The signature does not fit the record."),
            RejectionReason.Policy => (StatusCodes.Status400BadRequest, "This node does not take this record."),
            _ => (StatusCodes.Status400BadRequest, "The body must be an object whose member payload holds a well-formed record."),
        },
        _ => throw new InvalidOperationException($"There is no answer to the verdict {verdict.Kind}."),
    };
}
