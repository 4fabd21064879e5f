namespace Koii.DbSharing;

/// <summary>
/// A store could not do its I/O. The call that threw it has had its whole effect or none. It ends a round of
/// replication, not the loop that runs the rounds.
/// </summary>
/// <param name="message">What failed, and what to do about it where that is known.</param>
/// <param name="innerException">The exception of the database driver.</param>
public sealed class LinktreeStoreException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>
    /// Whether the same call may succeed when it is made again without anyone's intervention (a busy database, a lost
    /// connection).
    /// </summary>
    public bool IsTransient { get; init; }
}
