using System.Net;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Peers;

/// <summary>Converts what happened in a transfer to a failure for the report.</summary>
internal static class PeerFailures
{
    /// <summary>The body is not a JSON array, at any path.</summary>
    public static readonly PeerFailure NotAList = new(PeerFailureKind.NotAList) { Detail = "The body is not a JSON array." };

    /// <summary>The peer does not serve the extension.</summary>
    public static readonly PeerFailure NotSupported =
        new(PeerFailureKind.NotSupported) { Detail = "The peer does not have the extension." };

    /// <summary>As many other peers as are allowed at the peer's address are called in this round.</summary>
    public static readonly PeerFailure TooManyPeersAtAddress = From(TransferFault.TooManyPeersAtAddress);

    private static readonly PeerFailure CutList =
        new(PeerFailureKind.Interrupted) { Detail = "The list ended before its closing bracket." };

    private static readonly PeerFailure LongList =
        new(PeerFailureKind.TooLarge) { Detail = "The list exceeded its limit of bytes or elements." };

    /// <summary>Converts a fault.</summary>
    public static PeerFailure From(TransferFault fault) => new(KindOf(fault.Kind)) { Detail = fault.Detail };

    /// <summary>Converts a transfer of a list that has no body to read.</summary>
    public static PeerFailure From(HttpTransfer transfer)
    {
        if (transfer.Fault is { } fault)
            return From(fault);
        var status = transfer.Status ?? throw new InvalidOperationException("A transfer has a status or a fault.");
        var kind = KindOf(status);
        return new PeerFailure(kind)
        {
            StatusCode = (int)status,
            RetryAfter = transfer.RetryAfter,
            Detail = kind is PeerFailureKind.Redirected ? DetailOfRedirect(transfer.RedirectsTo) : null,
        };
    }

    /// <summary>Converts a transfer of the protocol's extension that has no body to read.</summary>
    public static PeerFailure FromExtension(HttpTransfer transfer) =>
        transfer is { Fault: null, Status: HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented }
            ? NotSupported
            : From(transfer);

    /// <summary>Converts the end of a list; <see langword="null"/> where it is the closing bracket.</summary>
    public static PeerFailure? From(ListEnd end, TransferFault? fault) => end switch
    {
        ListEnd.More or ListEnd.Complete => null,
        ListEnd.TooLarge => LongList,
        // The reader cannot tell a broken transfer from a body that ends too early.
        _ when fault is not null => From(fault),
        ListEnd.NotAList => NotAList,
        _ => CutList,
    };

    private static string DetailOfRedirect(string? target) => target is null
        ? "It redirects without a valid target, and redirects are not followed."
        : $"It redirects to {target}, and redirects are not followed: set the URL that it redirects to in the option Nodes, or where the node is registered.";

    private static PeerFailureKind KindOf(HttpStatusCode status) => (int)status switch
    {
        // The request was not conditional.
        304 => PeerFailureKind.ProtocolViolation,
        >= 300 and < 400 => PeerFailureKind.Redirected,
        422 => PeerFailureKind.TaskNotRunning,
        _ => PeerFailureKind.HttpStatus,
    };

    private static PeerFailureKind KindOf(TransferFaultKind kind) => kind switch
    {
        TransferFaultKind.AddressRefused => PeerFailureKind.AddressRefused,
        TransferFaultKind.TooManyPeersAtAddress => PeerFailureKind.TooManyPeersAtAddress,
        TransferFaultKind.Unreachable => PeerFailureKind.Unreachable,
        TransferFaultKind.TimedOut => PeerFailureKind.TimedOut,
        TransferFaultKind.TooSlow => PeerFailureKind.TooSlow,
        TransferFaultKind.TooLarge => PeerFailureKind.TooLarge,
        TransferFaultKind.Interrupted => PeerFailureKind.Interrupted,
        _ => PeerFailureKind.ProtocolViolation,
    };
}
