namespace Koii.DbSharing;

/// <summary>The result of one call to a peer: a value, or the reason why there is none.</summary>
/// <remarks>An answer without a failure has a value.</remarks>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Value">The value, if <paramref name="Failure"/> is <see langword="null"/>.</param>
/// <param name="Failure">Why there is no value, or <see langword="null"/>.</param>
/// <param name="BytesReceived">
/// The bytes received on the wire, before decompression. 0 for clients that use no network.
/// </param>
public readonly record struct PeerAnswer<T>(T? Value, PeerFailure? Failure, long BytesReceived)
    where T : notnull
{
    /// <summary>
    /// Where the response came from, also if it is a failure; <see langword="null"/> if no response came. Default:
    /// <see langword="null"/>, for clients that use no network.
    /// </summary>
    public PeerSource? Source { get; init; }
}
