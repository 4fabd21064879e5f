namespace Koii.DbSharing.Records;

/// <summary>What reading a list may cost.</summary>
/// <param name="MaxBytes">The most bytes up to and with the closing bracket.</param>
/// <param name="MaxElements">The most elements, bad ones included.</param>
/// <param name="MaxElementBytes">A longer element is skipped without being kept, and counted as too large.</param>
internal sealed record LinktreeListLimits(long MaxBytes, int MaxElements, int MaxElementBytes);
