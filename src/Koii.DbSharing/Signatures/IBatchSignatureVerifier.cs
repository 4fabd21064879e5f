namespace Koii.DbSharing;

/// <summary>
/// A verifier that checks a page of records in one call and may use all cores for it. The engine looks for this
/// interface on the registered <see cref="ISignatureVerifier"/> and calls the verifier once for each record if it is
/// not implemented.
/// </summary>
/// <remarks>The result for a record is the one that <see cref="ISignatureVerifier.Verify"/> returns, whatever other
/// records the page contains.</remarks>
public interface IBatchSignatureVerifier : ISignatureVerifier
{
    /// <summary>Verifies every record.</summary>
    /// <param name="linktrees">The records, at most a page of them.</param>
    /// <param name="valid">Receives the results. It has as many elements as <paramref name="linktrees"/>, and all of
    /// them are set.</param>
    /// <exception cref="ArgumentException">The two differ in length, or a record is null.</exception>
    void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid);
}
