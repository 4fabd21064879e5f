namespace Koii.DbSharing.AspNetCore;

/// <summary>The limit that a request exceeds.</summary>
/// <param name="IsClientLimit">Whether it is a limit of the client; otherwise it is one of all clients together.</param>
/// <param name="RetryAfter">When the request is worth repeating; more than zero.</param>
internal readonly record struct ExceededLimit(bool IsClientLimit, TimeSpan RetryAfter);
