namespace Koii.DbSharing;

/// <summary>Why a record was refused. The values are names for people and metrics; their numbers mean nothing.</summary>
public enum RejectionReason
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>It is no JSON object with the members of a record, or one of them has no valid form (protocol §1).</summary>
    Malformed,

    /// <summary>Its canonical form passes 65,536 bytes, or the text that held it its own limit: 256 KiB by default in a list, 64 MiB anywhere.</summary>
    TooLarge,

    /// <summary>Its data is nested more than 64 levels deep.</summary>
    TooDeep,

    /// <summary>The public key is missing or not the base58 form of 32 bytes.</summary>
    BadPublicKey,

    /// <summary>The signature is missing or not the base58 form of 64 bytes.</summary>
    BadSignatureEncoding,

    /// <summary>It names a task that is not this node's.</summary>
    OtherTask,

    /// <summary>The signature does not fit the record by the rule of protocol §2.</summary>
    BadSignature,

    /// <summary>The record is good, and this node's <c>IAdmissionPolicy</c> does not want it.</summary>
    Policy,
}
