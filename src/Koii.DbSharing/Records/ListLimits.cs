namespace Koii.DbSharing.Records;

/// <summary>Bounds the cost of reading a list.</summary>
/// <param name="MaxBytes">The maximum number of bytes, including the closing bracket.</param>
/// <param name="MaxElements">The maximum number of elements, malformed ones included.</param>
/// <param name="MaxElementBytes">
/// The maximum length of an element. A longer one is skipped without being buffered, and counted as too large.
/// </param>
internal sealed record ListLimits(long MaxBytes, int MaxElements, int MaxElementBytes);
