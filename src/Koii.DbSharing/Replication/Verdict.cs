namespace Koii.DbSharing;

/// <summary>The outcome of processing one record.</summary>
/// <param name="Kind">The kind of the verdict.</param>
/// <param name="Reason">The reason of a rejection; <see cref="RejectionReason.None"/> for every other verdict.</param>
public readonly record struct Verdict(VerdictKind Kind, RejectionReason Reason = RejectionReason.None);
