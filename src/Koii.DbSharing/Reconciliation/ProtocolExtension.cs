namespace Koii.DbSharing.Reconciliation;

/// <summary>What both sides of the extension keep to (protocol §3). Constants of the protocol and not settings: two nodes that differ in one would misread each other.</summary>
internal static class ProtocolExtension
{
    /// <summary>The version that a summary names.</summary>
    public const int Version = 1;

    /// <summary>The most records that are asked for in one fetch.</summary>
    public const int MaxFetchedIds = 1_000;

    /// <summary>The answer to a fetch ends with the record that takes it to so many bytes; whoever wants the rest asks again.</summary>
    public const int FetchBytes = 4 * 1024 * 1024;
}
