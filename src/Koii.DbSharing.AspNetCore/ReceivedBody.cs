namespace Koii.DbSharing.AspNetCore;

/// <summary>What was read of a request body.</summary>
/// <param name="Status">Whether all of it was read.</param>
/// <param name="Bytes">The body, if all of it was read.</param>
internal readonly record struct ReceivedBody(BodyStatus Status, ReadOnlyMemory<byte> Bytes = default)
{
    /// <summary>The body is longer than its limit.</summary>
    internal static ReceivedBody TooLong => new(BodyStatus.TooLong);

    /// <summary>Too many bodies are on their way.</summary>
    internal static ReceivedBody Refused => new(BodyStatus.Refused);
}
