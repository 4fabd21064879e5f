namespace Koii.DbSharing.Records;

/// <summary>The state of a list after a page or an element: whether more follows, or how the list ended.</summary>
internal enum ListEnd
{
    /// <summary>The list has not ended.</summary>
    More,

    /// <summary>The list was read to its closing bracket.</summary>
    Complete,

    /// <summary>The text does not start with an opening bracket.</summary>
    NotAList,

    /// <summary>The stream ended before the closing bracket. The element that it cut off is not counted.</summary>
    Interrupted,

    /// <summary>
    /// The list exceeded its limit of bytes or elements, or had more consecutive white space than an element may have
    /// bytes. The elements before that are delivered.
    /// </summary>
    TooLarge,
}
