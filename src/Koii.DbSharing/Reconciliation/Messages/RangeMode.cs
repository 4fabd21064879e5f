namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>What a message says of a range; the values are those of the wire.</summary>
internal enum RangeMode : byte
{
    /// <summary>Nothing: the range is settled.</summary>
    Skip = 0,

    /// <summary>The fingerprint of what the sender has in it.</summary>
    Fingerprint = 1,

    /// <summary>The id of everything that the sender has in it.</summary>
    IdList = 2,
}
