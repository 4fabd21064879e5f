using Koii.DbSharing.Sqlite;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing;

/// <content>Opens and closes the file.</content>
public sealed partial class SqliteLinktreeStore
{
    /// <summary>
    /// Waits for the calls that have begun and closes the file. If no other process has it open, the files
    /// <c>-wal</c> and <c>-shm</c> are deleted.
    /// </summary>
    /// <returns>A task that completes when the file is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;

        // In the order in which a read that must open the file takes them.
        for (var i = 0; i < MaxReaders; i++)
            await _readPermits.WaitAsync().ConfigureAwait(false);
        await _writeLock.WaitAsync().ConfigureAwait(false);
        CloseAndRelease();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;

        for (var i = 0; i < MaxReaders; i++)
            _readPermits.Wait();
        _writeLock.Wait();
        CloseAndRelease();
    }

    /// <summary>Opens the file for a read.</summary>
    private async ValueTask<SqliteDatabase> OpenAsync(CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return OpenUnderWriteLock(cancellationToken);
        }
        finally
        {
            _writeLock.Release();
        }
    }

    private SqliteDatabase OpenUnderWriteLock(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_database is { CanWrite: true } open)
            return open;

        // While the writer cannot be opened, the readers of the last one go on.
        var opened = SqliteDatabase.Open(_settings, _timeProvider, _logger, cancellationToken);
        _database?.Dispose();
        return _database = opened;
    }

    private async ValueTask RecoverUnderWriteLockAsync(Exception exception)
    {
        if (_database is not { } database)
            return;

        var isUsable = database.TryRollBack() && LeavesConnectionUsable(exception);
        if (exception is FilesMovedException || database.HasMoved)
            await CloseMovedUnderWriteLockAsync(database).ConfigureAwait(false);
        else if (!isUsable)
            database.CloseWriter();
    }

    private async ValueTask CloseMovedAsync(SqliteDatabase database)
    {
        await _writeLock.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_database == database)
                await CloseMovedUnderWriteLockAsync(database).ConfigureAwait(false);
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <summary>
    /// Closes files that are not at their paths, so that the next call opens those that are. The log is emptied into the database
    /// that it belongs to: SQLite would replay it into a file that has replaced this one.
    /// </summary>
    private async ValueTask CloseMovedUnderWriteLockAsync(SqliteDatabase database)
    {
        try
        {
            var isEmpty = await LockRetry.RunAsync(database.TryEmptyLog, _settings.BusyTimeout, _timeProvider, default)
                .ConfigureAwait(false);
            if (!isEmpty && database.IsReplaced)
                return;
        }
        catch (SqliteException)
        {
            // Every call fails until it succeeds, unless no file is there that the log could damage.
            if (database.IsReplaced)
                return;
        }

        Close();
    }

    private void CloseAndRelease()
    {
        _idleTimer.Dispose();
        Close();

        // Calls that waited continue and throw ObjectDisposedException.
        _writeLock.Release();
        _readPermits.Release(MaxReaders);
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }
}
