namespace Koii.DbSharing;

/// <summary>The reason why a record was rejected.</summary>
/// <remarks>The names are for logs and metrics. The numbers have no meaning and may change.</remarks>
public enum RejectionReason
{
    /// <summary>The record was not rejected.</summary>
    None,

    /// <summary>
    /// The text is not a JSON object with the members of a record, or one of them is invalid (protocol §1).
    /// </summary>
    Malformed,

    /// <summary>
    /// The canonical form exceeds 65,536 bytes, or the text exceeds its own limit: by default 256 KiB in a list, and 64
    /// MiB anywhere.
    /// </summary>
    TooLarge,

    /// <summary>The data has more than 64 levels of objects and arrays.</summary>
    TooDeep,

    /// <summary>The public key is missing, or is not the base58 form of 32 bytes.</summary>
    BadPublicKey,

    /// <summary>The signature is missing, or is not the base58 form of 64 bytes.</summary>
    BadSignatureEncoding,

    /// <summary>The record names another task than this node's.</summary>
    OtherTask,

    /// <summary>The signature is not valid for the record by the rule of protocol §2.</summary>
    BadSignature,

    /// <summary>The record is valid, but this node's <see cref="IAdmissionPolicy"/> rejected it.</summary>
    Policy,
}
