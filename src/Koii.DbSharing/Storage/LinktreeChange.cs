namespace Koii.DbSharing.Storage;

/// <summary>One change of the set of records in a store.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Key">The identity to which it happened.</param>
/// <param name="Added">The version that is stored since the change, or <see langword="null"/> if none is.</param>
/// <param name="Removed">The version that was stored before the change, or <see langword="null"/> if none was.</param>
public sealed record LinktreeChange(LinktreeChangeKind Kind, LinktreeKey Key, LinktreeVersion? Added, LinktreeVersion? Removed);
