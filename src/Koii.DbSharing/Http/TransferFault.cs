namespace Koii.DbSharing.Http;

/// <summary>Why a transfer returned nothing, or not everything.</summary>
internal enum TransferFaultKind
{
    /// <summary>No connection could be made.</summary>
    Unreachable,

    /// <summary>None of the host's addresses is allowed.</summary>
    AddressRefused,

    /// <summary>As many other peers at the same address as are allowed are called in this round.</summary>
    TooManyPeersAtAddress,

    /// <summary>A time limit was exceeded.</summary>
    TimedOut,

    /// <summary>The body came more slowly than the lowest rate.</summary>
    TooSlow,

    /// <summary>The body exceeded its limit of bytes.</summary>
    TooLarge,

    /// <summary>The connection broke before the response was complete.</summary>
    Interrupted,

    /// <summary>The response violates HTTP, or has an encoding that was not requested.</summary>
    Malformed,
}

/// <summary>
/// What went wrong. The text is the library's own: nothing that the other side wrote may reach a log or a report.
/// </summary>
/// <param name="Kind">The kind.</param>
/// <param name="Detail">A short sentence for people.</param>
internal sealed record TransferFault(TransferFaultKind Kind, string Detail)
{
    public static readonly TransferFault ConnectTimeout = new(TransferFaultKind.TimedOut, "The connection was not made in time.");
    public static readonly TransferFault ResolveTimeout = new(TransferFaultKind.TimedOut, "The name of the host was not resolved in time.");
    public static readonly TransferFault HeadersTimeout = new(TransferFaultKind.TimedOut, "The headers did not come in time.");
    public static readonly TransferFault IdleTimeout = new(TransferFaultKind.TimedOut, "The next bytes of the body did not come in time.");
    public static readonly TransferFault WholeTimeout = new(TransferFaultKind.TimedOut, "The transfer as a whole took too long.");
    public static readonly TransferFault TooSlow = new(TransferFaultKind.TooSlow, "The body came more slowly than the lowest rate.");
    public static readonly TransferFault TooLarge = new(TransferFaultKind.TooLarge, "The body exceeded its limit of bytes.");
    public static readonly TransferFault DamagedCompression = new(TransferFaultKind.Malformed, "The compressed body is damaged.");
    public static readonly TransferFault UnexpectedEncoding =
        new(TransferFaultKind.Malformed, "The body has a content encoding that was not requested.");

    public static readonly TransferFault SpecialAddress =
        new(TransferFaultKind.AddressRefused, "The host has no public address, and AllowPrivateAddresses is not set.");

    public static readonly TransferFault TooManyPeersAtAddress =
        new(TransferFaultKind.TooManyPeersAtAddress, "Two other peers at its address are called in this round, and it is called in a later one.");

    private static readonly TransferFault UnknownName = new(TransferFaultKind.Unreachable, "The name of the host is unknown.");
    private static readonly TransferFault NoConnection = new(TransferFaultKind.Unreachable, "No connection could be made.");
    private static readonly TransferFault NoTls = new(TransferFaultKind.Unreachable, "No secure connection could be made.");
    private static readonly TransferFault HeadersTooLarge = new(TransferFaultKind.Malformed, "The headers are too large.");
    private static readonly TransferFault BrokenHttp = new(TransferFaultKind.Malformed, "The response is not valid HTTP.");
    private static readonly TransferFault CutShort = new(TransferFaultKind.Interrupted, "The connection ended before the response did.");
    private static readonly TransferFault Broken = new(TransferFaultKind.Interrupted, "The connection broke.");

    /// <summary>Converts an exception of the HTTP stack.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="timer">
    /// The timer of the transfer. The caller of this method checks for its own cancellation.
    /// </param>
    /// <returns>The fault; <see langword="null"/> where the exception is a mistake in the program.</returns>
    public static TransferFault? From(Exception exception, TransferTimer timer)
    {
        // A timer that fired shows as a cancellation or as a broken stream, depending on what the stack was doing.
        if (exception is OperationCanceledException or IOException or HttpRequestException && timer.Expired is { } expired)
            return expired;

        return exception switch
        {
            // SocketsHttpHandler and HttpClient report their own time-outs as cancellations that the caller did not
            // request.
            OperationCanceledException => ConnectTimeout,
            HttpRequestException { InnerException: ConnectionFaultException connection } => connection.Fault,
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
