using Microsoft.AspNetCore.Http;

namespace Koii.DbSharing.AspNetCore;

/// <summary>An endpoint that reads a body.</summary>
/// <param name="IsAcceptedAsync">
/// Checks the headers before the body is read; answers the request itself where it returns <see langword="false"/>.
/// </param>
/// <param name="MaxBytes">The maximum length of the body.</param>
/// <param name="RunAsync">Answers the request when its body has arrived.</param>
internal sealed record BodyEndpoint(
    Func<HttpContext, Task<bool>> IsAcceptedAsync, int MaxBytes, Func<HttpContext, ReadOnlyMemory<byte>, Task> RunAsync)
{
    /// <summary>Whether the endpoint writes to the store.</summary>
    internal bool IsWrite { get; init; }
}
