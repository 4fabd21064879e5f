namespace Koii.DbSharing;

/// <summary>
/// Decides whether a record was signed by its author. All nodes of a task use the same rule, or they do not agree on
/// which records are valid; the library's rule is that of <see cref="Ed25519SignatureVerifier"/> (protocol §2).
/// </summary>
/// <remarks>
/// <para>An implementation is a pure function of the record. Multiple threads call it at the same time. It does no I/O,
/// and it returns <see langword="false"/> for every invalid key or signature, points and scalars out of range included.
/// It never throws for a record: an exception ends the pull from that peer and is logged as an error.</para>
/// <para>The caller guarantees that key and signature have their lengths and that the data is canonical. An
/// implementation that verifies many signatures faster than one by one also implements
/// <see cref="IBatchSignatureVerifier"/>.</para>
/// </remarks>
public interface ISignatureVerifier
{
    /// <summary>Verifies the signature over <see cref="SignedLinktree.Data"/>.</summary>
    /// <param name="linktree">The record.</param>
    /// <returns><see langword="true"/> if the signature is valid for the author's key and the data.</returns>
    bool Verify(SignedLinktree linktree);
}
