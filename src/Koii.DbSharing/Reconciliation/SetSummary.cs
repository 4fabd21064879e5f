namespace Koii.DbSharing;

/// <summary>A whole set in a few bytes: equal summaries mean equal sets, short of a forger's great pains (protocol §5, accepted limits).</summary>
/// <param name="Count">How many records there are, tombstones included.</param>
/// <param name="Fingerprint">
/// The first 16 bytes of SHA-256 over the sum of the ids and the count, read as a big-endian number, so that its hexadecimal form is that of the bytes.
/// </param>
public readonly record struct SetSummary(long Count, UInt128 Fingerprint);
