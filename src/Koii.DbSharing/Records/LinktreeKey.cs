namespace Koii.DbSharing;

/// <summary>The identity of a record (protocol §1): its author, and the uuid that the author gave it.</summary>
/// <remarks>
/// The author is part of the identity, so other authors cannot replace, block or expire a record. Two keys are equal if
/// their authors are equal and their uuids are ordinally equal. The default value has a zero author and a
/// <see langword="null"/> uuid, and does not identify any record. A key has no text form, because a uuid may contain
/// any character; in JSON it is an object with both parts.
/// </remarks>
/// <param name="Author">The key that signs the record.</param>
/// <param name="Uuid">1 to 128 UTF-16 code units, compared one by one and never normalized.</param>
public readonly record struct LinktreeKey(PublicKey Author, string Uuid);
