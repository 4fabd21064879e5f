namespace Koii.DbSharing.Http;

/// <summary>
/// Carries the library's own reason why there is no connection through the HTTP stack, whose connect callback reports failures only by
/// exceptions. <see cref="TransferFault.From"/> turns it back into a value.
/// </summary>
/// <param name="fault">Why there is no connection.</param>
internal sealed class ConnectionFaultException(TransferFault fault) : Exception(fault.Detail)
{
    /// <summary>Why there is no connection.</summary>
    public TransferFault Fault { get; } = fault;
}
