namespace Koii.DbSharing;

/// <summary>
/// The identity of a record (protocol §1): its author and the author's name for it. Nobody can replace, block or age
/// another author's record, because the author is part of what names it.
/// </summary>
/// <param name="Author">The key that signs the record.</param>
/// <param name="Uuid">1 to 128 UTF-16 units, compared unit by unit and never normalised.</param>
public readonly record struct LinktreeKey(PublicKey Author, string Uuid);
