namespace Koii.DbSharing.Peers;

/// <summary>Receives the start of each round. Implemented by the client of this library, whose limit of peers at one address applies to a round.</summary>
internal interface IRoundAware
{
    /// <summary>Called before the peers of a round are called. Rounds do not overlap.</summary>
    void BeginRound();
}
