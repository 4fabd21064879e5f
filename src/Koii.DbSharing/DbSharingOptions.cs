namespace Koii.DbSharing;

/// <summary>The settings of one shared task.</summary>
/// <remarks>They are read when the engine and its services are made; later changes have no effect.</remarks>
public sealed class DbSharingOptions
{
    /// <summary>The id of the task whose data is shared, as it stands in request paths.</summary>
    /// <value>Required: 1 to 128 letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>~</c>.</value>
    public string TaskId { get; set; } = "";

    /// <summary>
    /// The base URL of the service that lists the nodes of the task, at <c>{ServiceUrl}/nodes/{TaskId}</c>.
    /// </summary>
    /// <remarks>
    /// Not needed where <see cref="Nodes"/> has nodes. A value that is not a URL (some hosts pass the text
    /// <c>undefined</c>) is not an error at start: the report of every round has it as a problem.
    /// </remarks>
    /// <value>Default: none.</value>
    public string? ServiceUrl { get; set; }

    /// <summary>
    /// Base URLs of nodes to pull from in addition to those that the service lists. They are trusted to be where they
    /// are, so they may have any address.
    /// </summary>
    /// <value>
    /// Default: none. Each must be an absolute http or https URL without user information, query and fragment.
    /// </value>
    public IList<string> Nodes { get; } = [];

    /// <summary>Base URLs under which the node list contains this node, so that it does not pull from itself.</summary>
    /// <value>
    /// Default: none. Each must be an absolute http or https URL without user information, query and fragment.
    /// </value>
    public IList<string> OwnUrls { get; } = [];

    /// <summary>
    /// The name of the shared resource in request paths and keys. It must be the same on all nodes of a task.
    /// </summary>
    /// <value>Default: <c>linktree</c>; 1 to 128 letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>~</c>.</value>
    public string ResourceName { get; set; } = "linktree";

    /// <summary>The time from the start of one round to the start of the next, plus or minus a random tenth.</summary>
    /// <value>Default: 20 seconds; from 1 second to 1 day.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How many peers a round selects where there are more than twice as many.</summary>
    /// <remarks>
    /// Half of them are peers that were read without a failure for a day, half are random, and one more is a peer whose
    /// backoff has ended. At most two peers of one host are then considered, unless <see cref="AllowPrivateAddresses"/>
    /// is set. Where there are fewer peers, a round selects all of them.
    /// </remarks>
    /// <value>Default: 8; at least 1.</value>
    public int FanOut { get; set; } = 8;

    /// <summary>How many peers' records are read and processed at the same time.</summary>
    /// <remarks>
    /// A round calls all selected peers at once; this bounds memory and work. A peer that keeps its reader waiting for
    /// a second does not count until it sends again. A round needs less than 10 MB of memory for each, as long as
    /// <see cref="FanOut"/> is at most twice as many.
    /// </remarks>
    /// <value>Default: 4; at least 1.</value>
    public int MaxConcurrentPeers { get; set; } = 4;

    /// <summary>
    /// How many records of one author are kept: the newest. It must be the same on all nodes of a task, otherwise they
    /// never agree.
    /// </summary>
    /// <remarks>Raising it later can bring back records whose tombstones were evicted.</remarks>
    /// <value>Default: 16; at least 1.</value>
    public int LinktreesPerAuthor { get; set; } = 16;

    /// <summary>How many records the store has at most, tombstones included.</summary>
    /// <remarks>
    /// The last twentieth is reserved for identities that the store has. When the rest is used, a new identity replaces
    /// older records of its author or gets the verdict <see cref="VerdictKind.Full"/> (protocol §1.9). A store that is
    /// opened with more records deletes none of them. Nodes that have reached a bound may differ in what they store.
    /// </remarks>
    /// <value>Default: 1,000,000; at least 1.</value>
    public long MaxRecords { get; set; } = 1_000_000;

    /// <summary>How many bytes of data the records of the store have at most.</summary>
    /// <remarks>
    /// It counts <see cref="SignedLinktree.Data"/> alone, and limits records as <see cref="MaxRecords"/> does. A database
    /// needs about 500 bytes more for each record, and space for what its change feed retains.
    /// </remarks>
    /// <value>In bytes. Default: 1 GiB; at least 1 MiB.</value>
    public long MaxBytes { get; set; } = 1024 * 1024 * 1024;

    /// <summary>For how many of the newest changes the store's change feed keeps what they removed.</summary>
    /// <remarks>
    /// A reader that is further behind, or that last read before <see cref="ChangeRetention"/>, may have to read the
    /// feed from the start again. The index that answers peers is such a reader.
    /// </remarks>
    /// <value>Default: 100,000; at least 1.</value>
    public int MaxRetainedChanges { get; set; } = 100_000;

    /// <summary>How long the store's change feed keeps what was removed, within <see cref="MaxRetainedChanges"/>.</summary>
    /// <value>Default: 7 days; more than zero, at most 3,650 days.</value>
    public TimeSpan ChangeRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How many bytes of compressed pages are kept of each of the two list forms.</summary>
    /// <remarks>
    /// A page that is kept is compressed once for all peers. Read when the <see cref="LinktreeResponder"/> is created.
    /// </remarks>
    /// <value>
    /// In bytes. Default: 64 MiB, which is enough for 250,000 profiles of 400 bytes; 0 keeps none.
    /// </value>
    public long ListCacheBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// How far a record's timestamp may be ahead of this node's clock. A record that is further ahead is not stored; it
    /// is read again when it is due.
    /// </summary>
    /// <value>Default: 10 minutes; from zero to 1 day.</value>
    public TimeSpan MaxClockSkew { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether peers of the node list may have private, loopback and other special addresses (protocol §4), any number
    /// of them at one address. For development, and for networks that are private as a whole.
    /// </summary>
    /// <remarks>
    /// It does not concern <see cref="ServiceUrl"/> and <see cref="Nodes"/>, which may have any address: the operator
    /// named them.
    /// </remarks>
    /// <value>Default: <see langword="false"/>.</value>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>The limits of what one peer may cost.</summary>
    public PeerLimits PeerLimits { get; } = new();
}
