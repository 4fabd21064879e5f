namespace Koii.DbSharing;

/// <summary>The form of the elements when a node serves all of its records as one list (protocol §3).</summary>
public enum ListForm
{
    /// <summary>
    /// The form of <c>/all</c>: objects whose <c>key</c> consists of the resource name and the author, and whose
    /// <c>value</c> is the record.
    /// </summary>
    KeyedByPublicKey,

    /// <summary>The form of <c>/list</c>: the records.</summary>
    Bare,
}
