namespace Koii.DbSharing.Storage;

/// <summary>One change of the set that a store holds.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Key">The identity it happened to.</param>
/// <param name="Added">The version that is held since, or <see langword="null"/> where none is.</param>
/// <param name="Removed">The version that was held before, or <see langword="null"/> where none was.</param>
public sealed record LinktreeChange(LinktreeChangeKind Kind, LinktreeKey Key, LinktreeVersion? Added, LinktreeVersion? Removed);
