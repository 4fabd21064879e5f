namespace Koii.DbSharing.Reconciliation.Messages;

/// <summary>The kind of payload of a range. The numbers are those of the wire.</summary>
internal enum RangeMode : byte
{
    /// <summary>No payload: the sender has nothing to compare in the range.</summary>
    Skip = 0,

    /// <summary>The fingerprint of the sender's items in the range.</summary>
    Fingerprint = 1,

    /// <summary>The ids of all of the sender's items in the range.</summary>
    IdList = 2,
}
