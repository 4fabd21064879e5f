namespace Koii.DbSharing;

/// <summary>The settings of one shared task. They are read when the engine and its roles are built; later changes have no effect.</summary>
public sealed class DbSharingOptions
{
    /// <summary>The task whose data is shared. Required; letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>~</c>, as it stands in paths.</summary>
    public string TaskId { get; set; } = "";

    /// <summary>
    /// The base URL of the service that knows the nodes, asked at <c>{ServiceUrl}/nodes/{TaskId}</c>. Default: none, which is fine where
    /// <see cref="Nodes"/> names some. A value that is no URL (some hosts pass the text <c>undefined</c>) is a warning in every round's report, not an error.
    /// </summary>
    public string? ServiceUrl { get; set; }

    /// <summary>Base URLs of nodes that are asked beside those the service names, wherever they are. Default: none.</summary>
    public IList<string> Nodes { get; } = [];

    /// <summary>Base URLs under which this node is listed itself, so that it does not ask itself. Default: none.</summary>
    public IList<string> OwnUrls { get; } = [];

    /// <summary>
    /// The word for the shared thing in paths and keys. Default: <c>linktree</c>; same characters as <see cref="TaskId"/>, and the same on all nodes of a task.
    /// </summary>
    public string ResourceName { get; set; } = "linktree";

    /// <summary>The time from the start of one round to the start of the next, give or take a tenth. Default: 20 seconds; at least 1 second, at most 1 day.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How many peers a round asks when there are more than twice as many: half of them from those that have been good for a day, half at random, and beside them one
    /// that failed and has rested. Default: 8; at least 1. Of one host no more than two are considered then, unless <see cref="AllowPrivateAddresses"/> is set.
    /// </summary>
    public int FanOut { get; set; } = 8;

    /// <summary>
    /// How many peers' lists are read at the same time. Default: 4; at least 1. All peers of a round are asked at once, and one that keeps its reader waiting for a
    /// second lets the next one read meanwhile. A round stays under 8 MB of memory for each, as long as <see cref="FanOut"/> is at most twice as many.
    /// </summary>
    public int MaxConcurrentPeers { get; set; } = 4;

    /// <summary>
    /// How many records are kept of one author: the newest. Default: 16; at least 1, and the same on all nodes of a task, else they never agree.
    /// Raising it later can bring back records whose tombstones were evicted.
    /// </summary>
    public int LinktreesPerAuthor { get; set; } = 16;

    /// <summary>At this many records, authors that hold nothing yet are refused as <c>Full</c>. Default: 1,000,000; at least 1.</summary>
    public long MaxRecords { get; set; } = 1_000_000;

    /// <summary>
    /// How many of its newest changes a store's feed keeps. Default: 100,000; at least 1. A reader that is further behind is told to list the store again, and so is
    /// one that stayed away for longer than <see cref="ChangeRetention"/>. The index that answers peers is such a reader.
    /// </summary>
    public int MaxRetainedChanges { get; set; } = 100_000;

    /// <summary>How long a store's feed keeps a change, if there is room for it (<see cref="MaxRetainedChanges"/>). Default: 7 days; more than zero, at most 3,650 days.</summary>
    public TimeSpan ChangeRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How far ahead of this node's clock a record may be; one further ahead is not stored yet and looked at again when it is due. Default: 10 minutes; zero to 1 day.
    /// </summary>
    public TimeSpan MaxClockSkew { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether peers from the node list may be dialled at private, loopback and other special addresses (protocol §4), as many as there are at one: for development,
    /// and for networks that are private as a whole. Default: <see langword="false"/>. The service at <see cref="ServiceUrl"/> and <see cref="Nodes"/> may be anywhere:
    /// the operator named them.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>What a peer may cost.</summary>
    public PeerLimits PeerLimits { get; } = new();
}
