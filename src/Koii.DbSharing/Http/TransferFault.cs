namespace Koii.DbSharing.Http;

/// <summary>Why a transfer gave nothing, or not everything.</summary>
internal enum TransferFaultKind
{
    /// <summary>No connection came up.</summary>
    Unreachable,

    /// <summary>We do not dial any of the host's addresses.</summary>
    AddressRefused,

    /// <summary>Others were asked at the same address in this round.</summary>
    TooManyPeersAtAddress,

    /// <summary>A limit of time was passed.</summary>
    TimedOut,

    /// <summary>The body came more slowly than the least rate.</summary>
    TooSlow,

    /// <summary>The body passed its limit of bytes.</summary>
    TooLarge,

    /// <summary>The connection broke before the answer was whole.</summary>
    Interrupted,

    /// <summary>The answer breaks HTTP, or is written in a way that was not asked for.</summary>
    Malformed,
}

/// <summary>What went wrong, in our words only: nothing that the other side wrote may reach a log or a report.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Detail">A short sentence for people.</param>
internal sealed record TransferFault(TransferFaultKind Kind, string Detail)
{
    public static readonly TransferFault ConnectTimeout = new(TransferFaultKind.TimedOut, "The connection did not come up in time.");
    public static readonly TransferFault HeadersTimeout = new(TransferFaultKind.TimedOut, "The headers did not come in time.");
    public static readonly TransferFault IdleTimeout = new(TransferFaultKind.TimedOut, "The body was silent for too long.");
    public static readonly TransferFault WholeTimeout = new(TransferFaultKind.TimedOut, "The transfer as a whole took too long.");
    public static readonly TransferFault TooSlow = new(TransferFaultKind.TooSlow, "The body came more slowly than the least rate.");
    public static readonly TransferFault TooLarge = new(TransferFaultKind.TooLarge, "The body passed its limit of bytes.");
    public static readonly TransferFault DamagedCompression = new(TransferFaultKind.Malformed, "The compressed body is damaged.");
    public static readonly TransferFault UnwantedEncoding = new(TransferFaultKind.Malformed, "The body has a content encoding that was not asked for.");

    public static readonly TransferFault SpecialAddress = new(TransferFaultKind.AddressRefused, "The host has no address on the open Internet, and AllowPrivateAddresses is not set.");
    public static readonly TransferFault TooManyPeersAtAddress = new(TransferFaultKind.TooManyPeersAtAddress, "As many peers as are allowed were asked at its address in this round.");

    private static readonly TransferFault UnknownName = new(TransferFaultKind.Unreachable, "The name of the host is unknown.");
    private static readonly TransferFault NoConnection = new(TransferFaultKind.Unreachable, "No connection could be made.");
    private static readonly TransferFault NoTls = new(TransferFaultKind.Unreachable, "No secure connection could be made.");
    private static readonly TransferFault HeadersTooLarge = new(TransferFaultKind.Malformed, "The headers are too large.");
    private static readonly TransferFault BrokenHttp = new(TransferFaultKind.Malformed, "The answer is no valid HTTP.");
    private static readonly TransferFault CutShort = new(TransferFaultKind.Interrupted, "The connection ended before the answer did.");
    private static readonly TransferFault Broken = new(TransferFaultKind.Interrupted, "The connection broke.");

    /// <summary>The fault that an exception of the HTTP stack stands for.</summary>
    /// <param name="exception">What the stack threw.</param>
    /// <param name="timer">The timer of the transfer, which knows whether a limit ended it. Whether the caller did is for the caller's side to ask.</param>
    /// <returns>The fault; <see langword="null"/> where the exception is a mistake in the program.</returns>
    public static TransferFault? From(Exception exception, TransferTimer timer)
    {
        // A timer that fired shows as a cancellation or as a broken stream, depending on where the stack was.
        if (exception is OperationCanceledException or IOException or HttpRequestException && timer.Expired is { } expired)
            return expired;

        return exception switch
        {
            // SocketsHttpHandler and HttpClient tell their own time-outs as cancellations that nobody asked for.
            OperationCanceledException => ConnectTimeout,
            HttpRequestException { InnerException: RefusedConnectionException refused } => refused.Fault,
            HttpRequestException request => FromError(request.HttpRequestError),
            HttpIOException broken => FromError(broken.HttpRequestError),
            IOException => Broken,
            _ => null,
        };
    }

    private static TransferFault FromError(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => UnknownName,
        HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError => NoConnection,
        HttpRequestError.SecureConnectionError => NoTls,
        HttpRequestError.ResponseEnded => CutShort,
        HttpRequestError.ConfigurationLimitExceeded => HeadersTooLarge,
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => BrokenHttp,
        _ => Broken,
    };
}
