namespace Koii.DbSharing.Reconciliation;

/// <summary>
/// The constants of the protocol's extension (protocol §3). They are not settings, because nodes with different values
/// would misinterpret each other's messages.
/// </summary>
internal static class ProtocolExtension
{
    /// <summary>The version in a summary.</summary>
    public const int Version = 1;

    /// <summary>The maximum length of a reconciliation message in bytes, in both directions: 512 KiB.</summary>
    public const int FrameLimit = 512 * 1024;

    /// <summary>The maximum number of records in one fetch.</summary>
    public const int MaxFetchedIds = 1_000;

    /// <summary>
    /// The answer to a fetch ends with the record that brings it to this many bytes; the caller fetches the remaining
    /// records again.
    /// </summary>
    public const int FetchBytes = 4 * 1024 * 1024;
}
