namespace Koii.DbSharing;

/// <summary>What came of one question to a peer: a value, or the reason why there is none.</summary>
/// <remarks>Without a failure there is a value: the engine takes an answer that has neither for a broken contract of the role.</remarks>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Value">The value, where <paramref name="Failure"/> is <see langword="null"/>.</param>
/// <param name="Failure">Why there is no value, or <see langword="null"/>.</param>
/// <param name="BytesReceived">Bytes on the wire, before decompression. 0 for implementations that have no wire.</param>
public readonly record struct PeerAnswer<T>(T? Value, PeerFailure? Failure, long BytesReceived)
    where T : notnull;
