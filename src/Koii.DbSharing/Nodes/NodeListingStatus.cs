namespace Koii.DbSharing;

/// <summary>Whether a node list is current.</summary>
public enum NodeListingStatus
{
    /// <summary>The source returned the list in this call.</summary>
    Fresh,

    /// <summary>
    /// The source, or a part of it, did not return a list: this one is the last that it returned, or that of the other
    /// sources.
    /// </summary>
    Stale,

    /// <summary>There is no list: no source returned one, now or before.</summary>
    Unavailable,
}
