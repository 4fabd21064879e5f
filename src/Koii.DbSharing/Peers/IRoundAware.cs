namespace Koii.DbSharing.Peers;

/// <summary>What a client of ours wants to know beside its contract: some limits are per round.</summary>
internal interface IRoundAware
{
    /// <summary>A round begins. Rounds do not overlap.</summary>
    void BeginRound();
}
