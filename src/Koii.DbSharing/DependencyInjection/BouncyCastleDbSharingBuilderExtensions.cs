using Koii.DbSharing;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures BouncyCastle as the signature verifier of a task.</summary>
public static class BouncyCastleDbSharingBuilderExtensions
{
    /// <summary>
    /// Verifies the task's signatures with BouncyCastle instead of the library's own code. Use the same verifier on all
    /// nodes of a task (see <see cref="BouncyCastleSignatureVerifier"/>).
    /// </summary>
    /// <param name="builder">The builder of the task.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder UseBouncyCastle(this IDbSharingBuilder builder) =>
        builder.UseSignatureVerifier((_, _) => new BouncyCastleSignatureVerifier());
}
