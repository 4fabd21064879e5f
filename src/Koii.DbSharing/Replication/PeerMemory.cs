using Koii.DbSharing.Replication.Ladder;

namespace Koii.DbSharing.Replication;

/// <summary>What is known from one round to the next (protocol §4), by duty. It lives in the process only; every part of it is bounded.</summary>
/// <param name="timeProvider">The clock.</param>
/// <param name="interval">The time from round to round.</param>
/// <param name="chance">Draws from 0 to 1.</param>
internal sealed class PeerMemory(TimeProvider timeProvider, TimeSpan interval, Func<double> chance)
{
    /// <summary>Which lists were judged to their end.</summary>
    public JudgedLists Lists { get; } = new(timeProvider);

    /// <summary>Who has been good for long, and who is left alone.</summary>
    public PeerRests Rests { get; } = new(timeProvider, interval, chance);

    /// <summary>Which rungs of the ladder each peer has.</summary>
    public LadderMemory Ladder { get; } = new(timeProvider);

    /// <summary>What was refused, and need not be verified or fetched again.</summary>
    public RejectionCache Refusals { get; } = new(timeProvider);

    /// <summary>
    /// Forgets what was true of the store as it was, and has every list sent anew. For a store that failed: it may come back with less than it had (protocol §4.2: a tag
    /// goes with any change of store).
    /// </summary>
    public void ForgetStore()
    {
        Lists.Clear();
        Refusals.Clear();
        Ladder.Clear();
    }

    /// <summary>Forgets everything. For a process that takes over from another: what it knew may have been long ago.</summary>
    public void Clear()
    {
        ForgetStore();
        Rests.Clear();
    }
}
