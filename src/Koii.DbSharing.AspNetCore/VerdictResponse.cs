using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>What a submission is answered.</summary>
internal static class VerdictResponse
{
    /// <summary>Maps a verdict to an HTTP status code and the detail of the problem.</summary>
    internal static (int Status, string Detail) Of(Verdict verdict) => verdict.Kind switch
    {
        VerdictKind.Inserted or VerdictKind.Replaced or VerdictKind.Unchanged => (StatusCodes.Status200OK, ""),
        VerdictKind.Superseded => (StatusCodes.Status409Conflict, "A newer version, or enough newer records of this author, are held."),
        VerdictKind.NotYetValid => (StatusCodes.Status400BadRequest, "The timestamp is too far in the future."),
        VerdictKind.Full => (StatusCodes.Status507InsufficientStorage, "The store of the node has no space for the record."),
        VerdictKind.Rejected => verdict.Reason switch
        {
            RejectionReason.TooLarge => (StatusCodes.Status413PayloadTooLarge, "The record is too large."),
            RejectionReason.TooDeep => (StatusCodes.Status400BadRequest, "The data is nested too deeply."),
            RejectionReason.BadPublicKey => (StatusCodes.Status400BadRequest, "The public key is missing or is not base58 of 32 bytes."),
            RejectionReason.BadSignatureEncoding => (StatusCodes.Status400BadRequest, "The signature is missing or is not base58 of 64 bytes."),
            RejectionReason.OtherTask => (StatusCodes.Status400BadRequest, "The record belongs to another task."),
            RejectionReason.BadSignature => (StatusCodes.Status400BadRequest, "The signature does not fit the record."),
            RejectionReason.Policy => (StatusCodes.Status400BadRequest, "This node does not accept this record."),
            _ => (StatusCodes.Status400BadRequest, "The body must be an object whose member payload holds a well-formed record."),
        },
        _ => throw new InvalidOperationException($"The verdict {verdict.Kind} has no HTTP status."),
    };
}
