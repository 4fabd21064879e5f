namespace Koii.DbSharing;

/// <summary>
/// Says whether a record was signed by its author. All nodes of a task should use one rule, else they do not agree on what
/// is valid; the library's own is <see cref="Ed25519SignatureVerifier"/> (protocol §2).
/// </summary>
/// <remarks>
/// An implementation is a pure function of the record: it may be called from many threads at once, does no I/O, and answers
/// <see langword="false"/> for whatever a stranger can put into a key or a signature, wrong points and scalars included.
/// It never throws for a record; an exception that escapes ends the pull from that peer and is logged as an error. The
/// caller has made sure that key and signature have their lengths and that the data is canonical. One that can check many
/// signatures faster than one by one also implements <see cref="IBatchSignatureVerifier"/>.
/// </remarks>
public interface ISignatureVerifier
{
    /// <summary>Checks the signature over <see cref="SignedLinktree.Data"/>.</summary>
    /// <param name="linktree">The record.</param>
    /// <returns>Whether the signature fits the author's key and the data.</returns>
    bool Verify(SignedLinktree linktree);
}
