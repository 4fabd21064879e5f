namespace Koii.DbSharing;

/// <summary>What became of one record.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Reason">Why it was rejected; <see cref="RejectionReason.None"/> with every other verdict.</param>
public readonly record struct Verdict(VerdictKind Kind, RejectionReason Reason = RejectionReason.None);
