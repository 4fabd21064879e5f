namespace Koii.DbSharing;

/// <summary>How a node list was come by.</summary>
public enum NodeListingStatus
{
    /// <summary>The source answered just now.</summary>
    Fresh,

    /// <summary>The source, or a part of it, did not answer; the list is what was known before, or what the rest knows.</summary>
    Stale,

    /// <summary>There is no list: nothing answered and nothing was known before.</summary>
    Unavailable,
}
