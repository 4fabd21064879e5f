using Koii.DbSharing.Records;

namespace Koii.DbSharing.Signatures;

/// <summary>PROVISIONAL.</summary>
public sealed class Ed25519SignatureVerifier : IBatchSignatureVerifier
{
    /// <inheritdoc/>
    public bool Verify(SignedLinktree linktree) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Verify(ReadOnlySpan<SignedLinktree> linktrees, Span<bool> valid) => throw new NotImplementedException();
}
