namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>A system that replicates the records from one or several peers to one node.</summary>
internal abstract class Contender
{
    /// <summary>The node starts with the records that its peers hold.</summary>
    internal const string Held = "held";

    /// <summary>The node starts without a record.</summary>
    internal const string Empty = "empty";

    internal abstract string Name { get; }

    /// <summary>How many rounds with nothing new are measured, after half as many that are not.</summary>
    internal abstract int Rounds { get; }

    /// <summary>How many rounds with changes are measured, after half as many that are not.</summary>
    internal abstract int ChangeRounds { get; }

    /// <summary>How many records it can read in a round in acceptable time, those of all peers counted.</summary>
    internal virtual int MaxRecords => int.MaxValue;

    /// <summary>Starts peers that serve the first records, and a node that is <see cref="Held"/> or <see cref="Empty"/>.</summary>
    internal abstract Task<Network> StartAsync(RecordFiles files, int count, int peers, string state);
}
