namespace Koii.DbSharing.Records;

/// <summary>What comes after a page of a list.</summary>
internal enum LinktreeListEnd
{
    /// <summary>Another page.</summary>
    More,

    /// <summary>Nothing: the list was read to its closing bracket.</summary>
    Complete,

    /// <summary>Nothing: the text does not start with a bracket.</summary>
    NotAList,

    /// <summary>Nothing: the stream ended before the closing bracket. An element that was cut is not counted.</summary>
    Interrupted,

    /// <summary>Nothing: the list passed its limit of bytes or elements, or had more white space in a row than an element may have bytes. What stood before is delivered.</summary>
    TooLarge,
}
