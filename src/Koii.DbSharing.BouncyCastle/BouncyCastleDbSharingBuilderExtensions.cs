using Koii.DbSharing;


namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the BouncyCastle verifier for a shared task.</summary>
public static class BouncyCastleDbSharingBuilderExtensions
{
    /// <summary>
    /// Checks the task's signatures with BouncyCastle instead of the library's own code. All nodes of a task should do the same: see
    /// <see cref="BouncyCastleSignatureVerifier"/> for where the verdicts differ.
    /// </summary>
    /// <param name="builder">The task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseBouncyCastle(this IDbSharingBuilder builder) =>
        builder.Use<ISignatureVerifier>((_, _) => new BouncyCastleSignatureVerifier());
}
