namespace Koii.DbSharing.Http;

/// <summary>
/// Carries the library's own refusal to connect through the HTTP stack, whose connect callback reports failures only by
/// exceptions. <see cref="TransferFault.From"/> turns it back into a value.
/// </summary>
/// <param name="fault">Why the connection was refused.</param>
internal sealed class RefusedConnectionException(TransferFault fault) : Exception(fault.Detail)
{
    /// <summary>Why the connection was refused.</summary>
    public TransferFault Fault { get; } = fault;
}
