namespace Koii.DbSharing;

/// <summary>
/// A verifier that checks a page of records in one call and may use all cores for it. The engine finds this role with
/// <c>is</c> on the registered <see cref="ISignatureVerifier"/> and falls back to one call a record.
/// </summary>
/// <remarks>The verdict for each record must be the one that <see cref="ISignatureVerifier.Verify"/> gives, whatever stands beside it in the batch.</remarks>
public interface IBatchSignatureVerifier : ISignatureVerifier
{
    /// <summary>Checks every record.</summary>
    /// <param name="linktrees">The records, at most a page of them.</param>
    /// <param name="valid">As long as <paramref name="linktrees"/>; every place of it is set.</param>
    /// <exception cref="ArgumentException">The two differ in length, or a record is missing.</exception>
    void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid);
}
