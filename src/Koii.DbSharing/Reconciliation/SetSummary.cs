namespace Koii.DbSharing;

/// <summary>
/// The count and the fingerprint of a set of records. Two nodes compare summaries to find out whether their sets are
/// equal.
/// </summary>
/// <remarks>
/// Equal summaries mean equal sets, except for records that were crafted with great effort to collide (protocol §5,
/// accepted limits). The default value is not the summary of the empty set, whose fingerprint is not zero. In JSON the
/// fingerprint is a number of up to 39 digits, which JavaScript rounds; write it in the format <c>x32</c> for such
/// readers.
/// </remarks>
/// <param name="Count">The number of records, tombstones included.</param>
/// <param name="Fingerprint">
/// The first 16 bytes of the SHA-256 hash of the sum of all ids and the count, read as a big-endian number, so that its
/// hexadecimal form is that of the bytes.
/// </param>
public readonly record struct SetSummary(long Count, UInt128 Fingerprint);
