namespace Koii.DbSharing;

/// <summary>The address that a response came from, and what the response tells about the clock there.</summary>
/// <param name="Address">
/// The IP address that the peer's host was last connected at, or <see langword="null"/> if it is not known. An IPv4 address in an IPv6
/// form is in its IPv4 form.
/// </param>
/// <param name="ClockOffset">
/// The time in the <c>Date</c> header less the time of this node's clock when the headers arrived: positive if the peer's clock is ahead.
/// <see langword="null"/> if there is no valid header, or if a cache stored the response. The peer chooses the value: it shows a
/// difference of clocks to the operator, and never decides about a record.
/// </param>
public sealed record PeerSource(string? Address, TimeSpan? ClockOffset);
