namespace Koii.DbSharing.Sqlite;

/// <summary>Decides when the write-ahead log is moved into the database. Used under the lock of the writer.</summary>
/// <param name="connection">The connection of the writer.</param>
/// <remarks>
/// SQLite's own rule, a number of pages, keeps all records of a young store in the log alone, and lets the log grow without limit
/// while reads overlap: a log starts over only at a moment at which no read uses it.
/// </remarks>
internal sealed class LogCheckpoints(StoreConnection connection)
{
    /// <summary>
    /// Each batch of records changes leaves all over two indexes. Moving them to the database less often merges the changes of the
    /// same leaf.
    /// </summary>
    internal const int MaxPagesBetween = 4000;

    /// <summary>How long the log becomes before it is emptied: 63 MiB with pages of 8 KiB. A transaction can make it longer.</summary>
    internal const int MaxPagesInLog = 2 * MaxPagesBetween;

    private readonly SqliteStatement _pageCount = connection.Prepare("PRAGMA page_count");

    private long _pagesInFile;
    private long _pagesSinceLast;

    /// <summary>
    /// Moves the log into the database if the log is long, or if it is what makes the database half as large again as its file.
    /// Returns whether the log has reached its bound, so it must be emptied.
    /// </summary>
    internal bool RunAfterCommit()
    {
        _pagesSinceLast += connection.TakePagesWritten();
        if (_pagesSinceLast < MaxPagesBetween && !HasOutgrownFile())
            return false;

        // If it fails, the records are in the log, and it is not repeated for each transaction.
        (_pagesSinceLast, _pagesInFile) = (0, MaxPagesBetween);
        var pagesInLog = connection.Checkpoint();
        _pagesInFile = CountPages();
        return pagesInLog >= MaxPagesInLog;
    }

    /// <summary>The rule for a long log is the stricter one for a large file.</summary>
    private bool HasOutgrownFile() => _pagesInFile < MaxPagesBetween && CountPages() > _pagesInFile + (_pagesInFile / 2);

    private long CountPages()
    {
        var pages = _pageCount.Step() ? _pageCount.GetInt64(0) : 0;
        _pageCount.Reset();
        return pages;
    }
}
