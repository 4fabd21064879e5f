using Koii.DbSharing.Sqlite;
using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing;

/// <summary>
/// Keeps records in an SQLite file, durably: write-ahead log, <c>synchronous=FULL</c>, one transaction a page. One file may serve several tasks and be open in
/// several processes at once.
/// </summary>
/// <remarks>
/// <para>The file is opened by the first call, and by the next one where that failed: it is checked for damage where it was not closed properly, the schema is brought up to
/// date, records are dropped that <see cref="DbSharingOptions.MaxClockSkew"/> does not allow, and authors trimmed to <see cref="DbSharingOptions.LinktreesPerAuthor"/>
/// (protocol §1).</para>
/// <para>SQLite works synchronously: a call does its work on the thread that makes it, and only its turn is waited for without one. One page is written
/// at a time, up to four are read beside it, and readers do not wait for the writer. Cancellation is looked at before each record.</para>
/// <para>Another program that writes to the file is waited for, up to the connection string's <c>Default Timeout</c> (10 seconds where it has none); then the call
/// fails with a <see cref="LinktreeStoreException"/> that is transient.</para>
/// <para>Dispose the store to give the file back; calls that are under way are waited for.</para>
/// </remarks>
public sealed class SqliteLinktreeStore : ILinktreeStore, ILinktreeChangeFeed, IAsyncDisposable, IDisposable
{
    private const int MaxReaders = 4;

    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _reading = new(MaxReaders, MaxReaders);
    private volatile SqliteDatabase? _database;
    private bool _isDisposed;

    /// <summary>Makes a store without opening its file yet.</summary>
    /// <param name="connectionString">
    /// A connection string of Microsoft.Data.Sqlite that names a file, such as <c>Data Source=linktrees.db</c>. Its directory must exist, the file need not.
    /// </param>
    /// <param name="options">The task's settings. The task id, the limits per author and in all, the clock's allowance, and what the feed keeps are read.</param>
    /// <param name="timeProvider">The clock that says what is in the future when the file is opened, and how old a change is. Default: the system's.</param>
    /// <exception cref="ArgumentException">The connection string names no file that a store could write, the task id is empty, or an option is out of range.</exception>
    public SqliteLinktreeStore(string connectionString, DbSharingOptions options, TimeProvider? timeProvider = null)
    {
        _settings = SqliteStoreSettings.From(connectionString, options);
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>The file, once it is open.</summary>
    internal SqliteDatabase? Database => _database;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktrees);
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var writer = OpenUnderWriteLock(cancellationToken).Writer;
            if (!await LockRetry.UntilAsync(writer.TryBegin, _settings.BusyTimeout, _timeProvider, cancellationToken).ConfigureAwait(false))
                throw new SqliteException("database is locked", raw.SQLITE_BUSY);
            return writer.Put(linktrees, cancellationToken);
        }
        catch (Exception exception)
        {
            RecoverUnderWriteLock(exception);
            if (exception is SqliteException failure)
                throw SqliteErrors.Explain(failure, _settings);
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return await ReadAsync(reader => reader.GetVersions(keys, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SignedLinktree>> GetAsync(IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return await ReadAsync(reader => reader.Get(ids, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        return ReadAsync(reader => reader.List(query, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ChangePage> ReadChangesAsync(ChangePosition after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return ReadAsync(reader => reader.ReadChanges(after, limit, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Copies the file while it is in use: one state of it, all tasks included, as one file that a store can open. Writers and readers go on. The copy is written beside
    /// <paramref name="path"/>, checked for damage, and gets its name last, so that a file of that name is always a whole one.
    /// </summary>
    /// <remarks>
    /// It is made on a thread of the pool, takes the place of one of the readers, and takes seconds for a million records. To restore one, close the store and put the
    /// copy in the place of the database; the files <c>-wal</c> and <c>-shm</c> beside the old one, if there are any, must go with it.
    /// </remarks>
    /// <param name="path">Where to put the copy. Its directory must exist.</param>
    /// <param name="overwrite">Whether to replace a file that is there. Nothing may have that file open as a database.</param>
    /// <param name="cancellationToken">Ends the copying, promptly; nothing is left of it.</param>
    /// <returns>When the copy is on the disk.</returns>
    /// <exception cref="LinktreeStoreException">
    /// The database could not be read or is damaged, or the copy could not be written. What was at <paramref name="path"/> is still there.
    /// </exception>
    /// <exception cref="IOException">
    /// There is a file at <paramref name="path"/> already and <paramref name="overwrite"/> is <see langword="false"/>, or the copy could not get its name.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or the database itself.</exception>
    public async Task BackupAsync(string path, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        path = Path.GetFullPath(path);
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_database is null)
                await OpenAsync(cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            await Task.Run(() => OnlineBackup.Run(_settings, path, overwrite, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Explain(failure, _settings);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Waits for the calls that are under way and closes the file. Where no other process has it open, nothing is left beside it.</summary>
    /// <returns>When the file is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;

        // In the order in which a read takes them that has to open the file.
        for (var i = 0; i < MaxReaders; i++)
            await _reading.WaitAsync().ConfigureAwait(false);
        await _writing.WaitAsync().ConfigureAwait(false);
        CloseAndLetOthersGo();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;

        for (var i = 0; i < MaxReaders; i++)
            _reading.Wait();
        _writing.Wait();
        CloseAndLetOthersGo();
    }

    private async ValueTask<T> ReadAsync<T>(Func<PageReader, T> read, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var readers = (_database ?? await OpenAsync(cancellationToken).ConfigureAwait(false)).Readers;
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return Read(readers, read);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Explain(failure, _settings);
        }
        finally
        {
            _reading.Release();
        }
    }

    private static T Read<T>(ReaderPool readers, Func<PageReader, T> read)
    {
        var reader = readers.Rent();
        var isFit = false;
        try
        {
            var result = read(reader);
            isFit = true;
            return result;
        }
        catch (Exception exception)
        {
            isFit = LeavesConnectionFit(exception) && reader.TryRecover();
            throw;
        }
        finally
        {
            if (isFit)
                readers.Return(reader);
            else
                reader.Dispose();
        }
    }

    private async ValueTask<SqliteDatabase> OpenAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return OpenUnderWriteLock(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    private SqliteDatabase OpenUnderWriteLock(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _database ??= SqliteDatabase.Open(_settings, _timeProvider, cancellationToken);
    }

    private void RecoverUnderWriteLock(Exception exception)
    {
        // A connection that has met a broken disk or file may have a wrong picture of it: the next call opens the file anew.
        if (_database is { } database && !(database.Connection.TryRollBack() && LeavesConnectionFit(exception)))
            Close();
    }

    private static bool LeavesConnectionFit(Exception exception) =>
        exception is not LinktreeStoreException and not SqliteException { SqliteErrorCode: not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL) };

    private void CloseAndLetOthersGo()
    {
        Close();

        // Whoever waited for a turn gets it and learns that the store is gone.
        _writing.Release();
        _reading.Release(MaxReaders);
    }

    private void Close()
    {
        _database?.Dispose();
        _database = null;
    }
}
