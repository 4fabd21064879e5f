using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>Translates the driver's exceptions into messages for the operator of a node.</summary>
internal static class SqliteErrors
{
    internal const string WhatToDoWithDamage = "Restore a backup, or delete the file and let the node's peers fill it again.";

    internal static LinktreeStoreException Damaged(string path, string problem) =>
        new($"The database '{path}' is damaged: {problem}. {WhatToDoWithDamage}");

    internal static LinktreeStoreException TaskRowMissing(string path) =>
        new($"The database '{path}' has lost the row of its task: another program changed it, or it is damaged. {WhatToDoWithDamage}");

    internal static LinktreeStoreException Explain(SqliteException exception, SqliteStoreSettings settings) =>
        Explain(exception, settings.Path, settings.BusyTimeout);

    /// <summary>Explains what SQLite or a moved file causes; returns <see langword="null"/> for another exception.</summary>
    internal static LinktreeStoreException? Explain(Exception exception, SqliteStoreSettings settings) => exception switch
    {
        FilesMovedException => ExplainMoved(settings, exception),
        SqliteException failure => Explain(failure, settings),
        _ => null,
    };

    internal static LinktreeStoreException ExplainMoved(SqliteStoreSettings settings, Exception? exception = null) => new(
        $"The database '{settings.Path}', or the -wal or -shm file beside it, was deleted, moved or replaced while the store had it open. "
        + "Nothing of this call was stored. The next call opens what is at this path then. Close the store before you change its files.",
        exception)
    {
        IsTransient = true,
    };

    /// <summary>Explains a failure of the store's file or of another one, such as a backup.</summary>
    internal static LinktreeStoreException Explain(SqliteException exception, string path, TimeSpan busyTimeout) =>
        Explain(exception, path, busyTimeout, NetworkFileSystem.Find(path));

    /// <summary>Explains a failure of a file that is on this network file system, or on none.</summary>
    internal static LinktreeStoreException Explain(SqliteException exception, string path, TimeSpan busyTimeout, string? networkFileSystem)
    {
        var code = exception.SqliteErrorCode;
        var isBusy = code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;
        var isOfFileSystem = isBusy || code is raw.SQLITE_IOERR or raw.SQLITE_PROTOCOL or raw.SQLITE_CANTOPEN;
        var message = networkFileSystem is not null && isOfFileSystem
            ? $"{ExplainNetworkFileSystem(path, networkFileSystem)} {exception.Message}"
            : Explain(exception, path, busyTimeout, code);
        return new LinktreeStoreException(message, exception) { IsTransient = isBusy };
    }

    /// <summary>Explains why the journal mode of a file is not the one that the store needs.</summary>
    internal static LinktreeStoreException ExplainJournalMode(string mode, string path, string? networkFileSystem) => new(
        networkFileSystem is null
            ? $"The database '{path}' cannot use a write-ahead log (its journal mode stays '{mode}'). It must be writable and on a local disk."
            : $"{ExplainNetworkFileSystem(path, networkFileSystem)} Its journal mode stays '{mode}'.");

    private static string ExplainNetworkFileSystem(string path, string networkFileSystem) =>
        $"The database '{path}' is on a network file system ({networkFileSystem}), where SQLite's locks and write-ahead log do not work reliably. "
        + "Move the file to a local disk.";

    private static string Explain(SqliteException exception, string path, TimeSpan busyTimeout, int code) => code switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            $"The database '{path}' is busy: another program has held its lock for {busyTimeout.TotalSeconds} seconds. The call can be made again.",
        raw.SQLITE_FULL => $"The disk of the database '{path}' is full. Free some space; nothing of the batch was stored.",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            $"The database '{path}' is read-only. The process must be able to write the file and its directory, "
            + "where SQLite keeps the -wal and -shm files, and the disk must not be mounted as read-only.",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
            $"The database '{path}' is damaged or is not an SQLite database. {WhatToDoWithDamage}",

        // The statements do not change, so the text of the schema has.
        raw.SQLITE_ERROR => $"The database '{path}' is damaged or another program has changed its schema: {exception.Message} {WhatToDoWithDamage}",
        raw.SQLITE_CANTOPEN => ExplainCannotOpen(path),
        raw.SQLITE_PROTOCOL => ExplainLocks(exception, path),
        raw.SQLITE_IOERR when IsOfLocks(exception.SqliteExtendedErrorCode) => ExplainLocks(exception, path),
        _ => $"The database '{path}' reported an error: {exception.Message}",
    };

    private static string ExplainLocks(SqliteException exception, string path) =>
        $"The file system of the database '{path}' has no locks or no shared memory, as some network file systems and mounts of containers. "
        + $"Move the file to a local disk. {exception.Message}";

    private static bool IsOfLocks(int extendedCode) => extendedCode
        is raw.SQLITE_IOERR_SHMOPEN or raw.SQLITE_IOERR_SHMSIZE or raw.SQLITE_IOERR_SHMLOCK or raw.SQLITE_IOERR_SHMMAP
        or raw.SQLITE_IOERR_LOCK or raw.SQLITE_IOERR_RDLOCK or raw.SQLITE_IOERR_UNLOCK;

    private static string ExplainCannotOpen(string path)
    {
        var directory = Path.GetDirectoryName(path);
        return directory is null || Directory.Exists(directory)
            ? $"The database '{path}' cannot be opened. Check that it is a file and that the process may read and write it and its directory."
            : $"The database '{path}' cannot be opened: the directory '{directory}' does not exist. Create it first.";
    }
}
