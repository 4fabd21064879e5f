using Koii.DbSharing.Sqlite;
using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;

namespace Koii.DbSharing;

/// <summary>
/// Stores records durably in an SQLite file: write-ahead log, <c>synchronous=FULL</c>, one transaction for each write. A
/// file may contain several tasks and be open in several processes at once.
/// </summary>
/// <remarks>
/// <para>The first call opens the file; if that fails, the next call tries again. Opening checks a file that was not
/// closed properly for damage, rejects files of version 0.1, withholds records beyond <see cref="DbSharingOptions.MaxClockSkew"/>
/// until they are due, and trims authors to <see cref="DbSharingOptions.LinktreesPerAuthor"/> (protocol §1).</para>
/// <para>Reads verify what they read. A damaged row is moved to the table <c>damaged</c> and is no longer served; a list, a
/// read by id or of the change feed that met it throws a transient <see cref="LinktreeStoreException"/>, and the next one
/// succeeds without it. A good copy is stored again.</para>
/// <para>SQLite is synchronous: reads run on the calling thread, up to four at a time. Writes run on the thread pool, one at
/// a time; calls that wait share a transaction of up to 4,096 records. No call blocks a thread while it waits for others,
/// and readers do not wait for the writer. A call that is canceled after its write began may be stored.</para>
/// <para>While another program writes to the file, a call waits for it, up to the connection string's <c>Default
/// Timeout</c> (default: 10 seconds), and then fails with a transient <see cref="LinktreeStoreException"/>.</para>
/// <para>A call that finds the file deleted, moved or replaced fails with a transient <see cref="LinktreeStoreException"/>, and the
/// next one opens the file at the path. The store empties the write-ahead log at 63 MiB and when it has been idle
/// for 5 seconds. While the disk is read-only, a store that is open is still read.</para>
/// <para>Safe for use by many threads. Disposing waits for the calls that have begun and closes the file; other
/// calls throw <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed partial class SqliteLinktreeStore : ILinktreeStore, ILinktreeChangeFeed, IAsyncDisposable, IDisposable
{
    private const int MaxReaders = 4;

    /// <summary>
    /// Calls that wait share a transaction and its flush up to this many records. More would no longer be much faster, and
    /// would keep other processes waiting.
    /// </summary>
    private const int MaxRecordsPerTransaction = 4096;

    private readonly SqliteStoreSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly WriteBatcher _batcher;
    private readonly ITimer _idleTimer;
    private readonly SemaphoreSlim _writeLock = new(1, 1);
    private readonly SemaphoreSlim _readPermits = new(MaxReaders, MaxReaders);
    private volatile SqliteDatabase? _database;
    private bool _isDisposed;

    /// <summary>Creates a store; its first call opens the file.</summary>
    /// <param name="connectionString">
    /// A connection string of Microsoft.Data.Sqlite that names a file, such as <c>Data Source=linktrees.db</c>. The
    /// file's directory must exist. A relative path is in the working directory, or the data directory, of this moment.
    /// </param>
    /// <param name="options">
    /// The task's settings. <see cref="DbSharingOptions.TaskId"/>, <see cref="DbSharingOptions.LinktreesPerAuthor"/>,
    /// <see cref="DbSharingOptions.MaxRecords"/>, <see cref="DbSharingOptions.MaxBytes"/>,
    /// <see cref="DbSharingOptions.MaxClockSkew"/>, <see cref="DbSharingOptions.MaxRetainedChanges"/> and
    /// <see cref="DbSharingOptions.ChangeRetention"/> are read here; later changes have no effect.
    /// </param>
    /// <param name="timeProvider">
    /// The clock by which records are in the future when the file is opened and the age of a change is measured.
    /// Default: the system clock.
    /// </param>
    /// <param name="logger">The log of what the store finds in the file. Default: none.</param>
    /// <exception cref="ArgumentException">
    /// The connection string does not name a file or has a setting that a store cannot use, the task id is empty, or an
    /// option is out of range.
    /// </exception>
    public SqliteLinktreeStore(
        string connectionString, DbSharingOptions options, TimeProvider? timeProvider = null, ILogger<SqliteLinktreeStore>? logger = null)
    {
        _settings = SqliteStoreSettings.From(connectionString, options);
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = logger ?? NullLogger<SqliteLinktreeStore>.Instance;
        _batcher = new WriteBatcher(PutTransactionAsync, MaxRecordsPerTransaction);
        _idleTimer = _timeProvider.CreateTimer(
            static store => _ = ((SqliteLinktreeStore)store!).EmptyLogWhenIdleAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The open file, or <see langword="null"/> before the first call.</summary>
    internal SqliteDatabase? Database => _database;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(linktrees);
        foreach (var linktree in linktrees)
            ArgumentNullException.ThrowIfNull(linktree, nameof(linktrees));

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return await _batcher.PutAsync([.. linktrees], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LinktreeVersion?>> GetVersionsAsync(
        IReadOnlyList<LinktreeKey> keys, CancellationToken cancellationToken = default)
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

    /// <summary>Copies the file while it is in use, to one file that a store can open.</summary>
    /// <remarks>
    /// <para>The copy contains one state of the file, with all its tasks; reads and writes continue meanwhile. It is
    /// written beside <paramref name="path"/>, checked for damage, and renamed last, so a file of that name is always
    /// complete.</para>
    /// <para>The copy is made on a thread of the pool, counts as one of the four reads, and takes seconds for a million
    /// records. To restore one, close the store and replace the database with the copy; delete the files <c>-wal</c>
    /// and <c>-shm</c> of the old database if there are any.</para>
    /// </remarks>
    /// <param name="path">The path of the copy. Its directory must exist.</param>
    /// <param name="overwrite">
    /// Whether to replace an existing file. No program may have that file open as a database.
    /// </param>
    /// <param name="cancellationToken">Ends the copy promptly and deletes what was written of it.</param>
    /// <returns>A task that completes when the copy is on disk.</returns>
    /// <exception cref="LinktreeStoreException">
    /// The database cannot be read or is damaged, or the copy cannot be written. An existing file at
    /// <paramref name="path"/> is unchanged.
    /// </exception>
    /// <exception cref="IOException">
    /// A file exists at <paramref name="path"/> and <paramref name="overwrite"/> is <see langword="false"/>, or the
    /// copy cannot be renamed.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or is the database itself.</exception>
    public async Task BackupAsync(string path, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        path = Path.GetFullPath(path);
        await _readPermits.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var database = _database ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (database.HasMoved)
            {
                await CloseMovedAsync(database).ConfigureAwait(false);
                throw SqliteErrors.ExplainMoved(_settings);
            }

            await Task.Run(() => OnlineBackup.Run(_settings, path, overwrite, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Explain(failure, _settings);
        }
        finally
        {
            _readPermits.Release();
        }
    }

    private async ValueTask<IReadOnlyList<PutOutcome>> PutTransactionAsync(
        IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken) =>
        await WriteAsync(writer => writer.Put(linktrees, cancellationToken), cancellationToken).ConfigureAwait(false);

    /// <summary>Writes in a transaction, which the delegate commits.</summary>
    private async ValueTask<T> WriteAsync<T>(Func<StoreWriter, T> write, CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var database = OpenUnderWriteLock(cancellationToken);
            var writer = database.Writer;
            if (!await LockRetry.RunAsync(writer.TryBegin, _settings.BusyTimeout, _timeProvider, cancellationToken).ConfigureAwait(false))
                throw new SqliteException("database is locked", raw.SQLITE_BUSY);
            var result = write(writer);
            await ShortenLogUnderWriteLockAsync(database).ConfigureAwait(false);
            return result;
        }
        catch (Exception exception)
        {
            await RecoverUnderWriteLockAsync(exception).ConfigureAwait(false);
            if (SqliteErrors.Explain(exception, _settings) is { } explained)
                throw explained;
            throw;
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <summary>Reads in a transaction, whatever the rows are.</summary>
    private async ValueTask<T> ReadOnceAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken)
    {
        await _readPermits.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var database = _database ?? await OpenAsync(cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            try
            {
                return Read(database, read);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && database.HasMoved)
            {
                await CloseMovedAsync(database).ConfigureAwait(false);
                throw SqliteErrors.ExplainMoved(_settings, exception);
            }
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Explain(failure, _settings);
        }
        finally
        {
            _readPermits.Release();
        }
    }

    private static T Read<T>(SqliteDatabase database, Func<StoreReader, T> read)
    {
        var reader = database.RentReader();
        var isUsable = false;
        try
        {
            var result = read(reader);
            isUsable = true;
            return result;
        }
        catch (Exception exception)
        {
            isUsable = LeavesConnectionUsable(exception) && reader.TryRecover();
            throw;
        }
        finally
        {
            if (isUsable)
                database.ReturnReader(reader);
            else
                reader.Dispose();
        }
    }

    private static bool LeavesConnectionUsable(Exception exception) => exception
        is not LinktreeStoreException
        and not SqliteException { SqliteErrorCode: not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL) };
}
