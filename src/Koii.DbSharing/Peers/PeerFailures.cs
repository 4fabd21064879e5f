using System.Net;
using Koii.DbSharing.Http;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Peers;

/// <summary>What happened on the way, in the words of the report.</summary>
internal static class PeerFailures
{
    /// <summary>The body is no array, on any path.</summary>
    public static readonly PeerFailure NotAList = new(PeerFailureKind.NotAList) { Detail = "The body is no JSON array." };

    /// <summary>What was asked for is not there, or something else is.</summary>
    public static readonly PeerFailure NotSupported = new(PeerFailureKind.NotSupported) { Detail = "The peer does not have the extension." };

    /// <summary>Others are asked at the peer's address already.</summary>
    public static readonly PeerFailure TooManyPeersAtAddress = From(TransferFault.TooManyPeersAtAddress);

    private static readonly PeerFailure CutList = new(PeerFailureKind.Interrupted) { Detail = "The list ended before its closing bracket." };
    private static readonly PeerFailure LongList = new(PeerFailureKind.TooLarge) { Detail = "The list passed its limit of bytes or elements." };

    /// <summary>What a broken transfer means for the peer.</summary>
    public static PeerFailure From(TransferFault fault) => new(KindOf(fault.Kind)) { Detail = fault.Detail };

    /// <summary>What a status other than 200 and 404 means for the peer.</summary>
    public static PeerFailure From(HttpTransfer transfer)
    {
        var status = transfer.Status ?? throw new InvalidOperationException("Without a status there is nothing to judge.");
        return new PeerFailure(KindOf(status))
        {
            StatusCode = (int)status,
            RetryAfter = status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? transfer.RetryAfter : null,
        };
    }

    /// <summary>What the end of a list means for the peer, or <see langword="null"/> where it is the closing bracket.</summary>
    public static PeerFailure? From(ListEnd end, TransferFault? fault) => end switch
    {
        ListEnd.More or ListEnd.Complete => null,
        ListEnd.TooLarge => LongList,
        // To the reader a broken transfer is a body that ends too early.
        _ when fault is not null => From(fault),
        ListEnd.NotAList => NotAList,
        _ => CutList,
    };

    private static PeerFailureKind KindOf(HttpStatusCode status) => (int)status switch
    {
        // Nobody asked whether anything changed.
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
