namespace Koii.DbSharing.Peers;

/// <summary>Receives the start of each round. Implemented by the client of this library, whose limit of peers at one address applies to a round.</summary>
internal interface IRoundAware
{
    /// <summary>Called before the peers of a round are called.</summary>
    /// <param name="peers">The peers that the round calls, each once.</param>
    /// <param name="late">The peers of earlier rounds whose pulls have not ended. They still count at their addresses. None of them is in <paramref name="peers"/>.</param>
    void BeginRound(IReadOnlyCollection<NodeAddress> peers, IReadOnlyCollection<NodeAddress> late);
}
