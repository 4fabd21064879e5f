namespace Koii.DbSharing.AspNetCore;

/// <summary>A request body of which a part has not arrived.</summary>
/// <param name="end">Ends the request.</param>
/// <param name="start">The timestamp of the clock at which the body began.</param>
internal sealed class PendingBody(Action end, long start)
{
    internal long Start => start;

    /// <summary>The bytes that have arrived. Guarded by the lock of <see cref="PendingBodies"/>.</summary>
    internal long Bytes { get; set; }

    internal void End() => end();
}
