namespace Koii.DbSharing;

/// <summary>The two forms in which a node's whole list is read (protocol §3).</summary>
public enum ListForm
{
    /// <summary>The form of <c>/all</c>: objects whose <c>key</c> names the resource and the author, and whose <c>value</c> is the record.</summary>
    KeyedByPublicKey,

    /// <summary>The form of <c>/list</c>: the records themselves.</summary>
    Bare,
}
