namespace Koii.DbSharing.Http;

/// <summary>Carries our own refusal to connect through the HTTP stack, which knows only exceptions. It ends in <see cref="TransferFault.From"/>.</summary>
/// <param name="fault">Why.</param>
internal sealed class RefusedConnectionException(TransferFault fault) : Exception(fault.Detail)
{
    /// <summary>Why there is no connection.</summary>
    public TransferFault Fault { get; } = fault;
}
