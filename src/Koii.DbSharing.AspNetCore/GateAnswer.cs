namespace Koii.DbSharing.AspNetCore;

/// <summary>What <see cref="RequestGate"/> says to a request.</summary>
internal enum GateAnswer
{
    /// <summary>It has a place.</summary>
    Entered,

    /// <summary>Its client asks too much.</summary>
    TooManyOfClient,

    /// <summary>All together ask too much.</summary>
    Busy,
}
