namespace Koii.DbSharing;

/// <summary>A store could not do its I/O. The call that threw it has had its whole effect or none. It ends a round of replication, not the loop of rounds.</summary>
/// <param name="message">What could not be done, and what to do about it where that is known.</param>
/// <param name="innerException">The driver's own exception.</param>
public sealed class LinktreeStoreException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed when it is made again without anybody's help (a busy database, a lost connection).</summary>
    public bool IsTransient { get; init; }
}
