using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>An open file with the newest schema: its one writing connection and a pool of reading connections.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>The cache of the writer: enough for the inner pages of the indexes of millions of records.</summary>
    private const int WriterCacheKilobytes = 16 * 1024;

    /// <summary>The cache of each reader.</summary>
    private const int ReaderCacheKilobytes = 4 * 1024;

    /// <summary>The length of the log in bytes to which SQLite shortens it when it starts over.</summary>
    private const long LogBytesToKeep = 32L * 1024 * 1024;

    /// <summary>
    /// The page size of a new file in bytes. Twice SQLite's default: fewer pages have the same rows, and a batch of records
    /// changes fewer of them.
    /// </summary>
    internal const int PageSize = 8192;

    /// <summary>How often the switch to WAL is attempted while another process makes the same switch.</summary>
    private const int MaxJournalModeAttempts = 16;

    /// <summary>How long closing waits for the lock of another program.</summary>
    private static readonly TimeSpan MaxWaitOnClosing = TimeSpan.FromSeconds(1);

    private readonly SqliteStoreSettings _settings;
    private readonly TaskRow _task;
    private readonly Lock _lock = new();
    private readonly StoreConnection _fileCheck;
    private readonly StoreConnection _logEmptier; // Not the one above: each read asks that one, and would wait for the log.
    private readonly Stack<StoreReader> _idleReaders = [];
    private bool _isClosed, _hadMoved;

    private SqliteDatabase(
        SqliteStoreSettings settings, TaskRow task, StoreConnection connection, StoreConnection fileCheck, StoreConnection logEmptier, StoreWriter writer)
    {
        _settings = settings;
        _task = task;
        _fileCheck = fileCheck;
        _logEmptier = logEmptier;
        Connection = connection;
        Writer = writer;
        Checkpoints = new LogCheckpoints(connection);
    }

    /// <summary>
    /// Whether the file was deleted or moved since it was opened, or another file has replaced it. A connection that does nothing
    /// else has the answer: the writer's is locked while it writes, and a reader may have opened the other file.
    /// </summary>
    internal bool HasMoved
    {
        get { lock (_lock) return _isClosed ? _hadMoved : _fileCheck.HasMoved; }
    }

    /// <summary>Whether another file is at the path of this one.</summary>
    internal bool IsReplaced => HasMoved && File.Exists(_settings.Path);

    /// <summary>Whether the writer can be used: a failure of its connection closes it, and the readers go on.</summary>
    internal bool CanWrite { get; private set; } = true;

    /// <summary>The connection of the writer.</summary>
    internal StoreConnection Connection { get; }

    internal StoreWriter Writer { get; }

    internal LogCheckpoints Checkpoints { get; }

    /// <summary>
    /// Opens the file, checks it after an unclean stop, updates its schema, and trims the task's rows to the settings.
    /// </summary>
    internal static SqliteDatabase Open(
        SqliteStoreSettings settings, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        OpeningCheck.Run(settings, timeProvider, logger, cancellationToken);
        var connection = new StoreConnection(settings, WriterCacheKilobytes);
        StoreConnection? fileCheck = null, logEmptier = null;
        try
        {
            UseWriteAheadLog(connection, settings.Path);
            SchemaScripts.Apply(connection, settings.Path);
            var task = RegisterTask(connection, settings);
            var transaction = new TaskTransaction(connection, task, settings, timeProvider);
            var writer = new StoreWriter(transaction, settings, logger);
            writer.Trim();
            fileCheck = new StoreConnection(settings, cacheKilobytes: 100, isReader: true);
            logEmptier = new StoreConnection(settings, cacheKilobytes: 100, isReader: true);

            // From now on the store waits for the lock itself, without blocking a thread.
            connection.Prepare("UPDATE task SET is_open = 1 WHERE task = ?1").Bind(1, task.Number).Execute();
            connection.SetBusyTimeout(TimeSpan.Zero);
            fileCheck.SetBusyTimeout(TimeSpan.Zero);
            logEmptier.SetBusyTimeout(TimeSpan.Zero);

            // The mark that the file is open is in the database itself, so that a missing log is noticed.
            logEmptier.TryEmptyLog();
            return new SqliteDatabase(settings, task, connection, fileCheck, logEmptier, writer);
        }
        catch
        {
            fileCheck?.Dispose();
            logEmptier?.Dispose();
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes an idle reader or opens one. The caller limits how many are in use.</summary>
    /// <exception cref="FilesMovedException">The file is not at its path.</exception>
    internal StoreReader RentReader()
    {
        ThrowIfMoved();
        if (TakeIdleReader() is { } idle)
            return idle;
        var reader = OpenReader();
        try
        {
            // It has this file open, and not one that has replaced it meanwhile.
            ThrowIfMoved();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    internal void ReturnReader(StoreReader reader)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _idleReaders.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    /// <summary>Rolls back what the writer has begun; returns <see langword="false"/> if the writer is no longer usable.</summary>
    internal bool TryRollBack() => CanWrite && Connection.TryRollBack();

    /// <summary>
    /// Closes the writer's connection, which may have cached wrong pages. On a disk that has become read-only, the readers still read
    /// the database and its log, and no store could open them anew.
    /// </summary>
    internal void CloseWriter()
    {
        CanWrite = false;
        Connection.Dispose();
    }

    /// <summary>
    /// Moves the log into the database that it belongs to; returns <see langword="false"/> if a connection still reads from it.
    /// </summary>
    internal bool TryEmptyLog() => _logEmptier.TryEmptyLog();

    /// <summary>
    /// Closes the readers before the writer: the last connection to close moves the log into the database and deletes
    /// it. Readers in use are closed when they are returned.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            _hadMoved = _fileCheck.HasMoved;
            _isClosed = true;
            foreach (var reader in _idleReaders)
                reader.Dispose();
            _idleReaders.Clear();
        }

        _fileCheck.Dispose();
        _logEmptier.Dispose();
        if (CanWrite && !_hadMoved)
            RegisterClosing();
        Connection.Dispose();
    }

    private void RegisterClosing()
    {
        try
        {
            // For all tasks: a process that was killed may have left another one open, and this store closes the file properly. A store
            // that has the file open registers it again with its next change.
            Connection.SetBusyTimeout(MaxWaitOnClosing);
            Connection.Execute("UPDATE task SET is_open = 0 WHERE is_open <> 0");
        }
        catch (SqliteException)
        {
            // The next opening checks the file, as after an unclean stop.
        }
    }

    private void ThrowIfMoved()
    {
        if (HasMoved)
            throw new FilesMovedException();
    }

    private StoreReader? TakeIdleReader()
    {
        lock (_lock) return _idleReaders.TryPop(out var reader) ? reader : null;
    }

    private StoreReader OpenReader()
    {
        var connection = new StoreConnection(_settings, ReaderCacheKilobytes, isReader: true);
        try
        {
            return new StoreReader(connection, _task);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void UseWriteAheadLog(StoreConnection connection, string path)
    {
        connection.Execute($"PRAGMA page_size = {PageSize}");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var mode = connection.ReadText("PRAGMA journal_mode = WAL");
                if (mode != "wal")
                    throw SqliteErrors.ExplainJournalMode(mode, path, NetworkFileSystem.Find(path));
                break;
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode == raw.SQLITE_BUSY && attempt < MaxJournalModeAttempts)
            {
                // SQLite does not wait for this lock, because two connections that switch at once would wait for each
                // other. It does wait for the lock of a transaction.
                connection.Execute("BEGIN IMMEDIATE");
                connection.Commit();
            }
        }

        connection.Execute("PRAGMA synchronous = FULL");
        connection.Execute("PRAGMA wal_autocheckpoint = 0");
        connection.Execute($"PRAGMA journal_size_limit = {LogBytesToKeep}");
    }

    private static TaskRow RegisterTask(StoreConnection connection, SqliteStoreSettings settings)
    {
        var name = Encoding.UTF8.GetBytes(settings.TaskId);
        var find = connection.Prepare("SELECT task, seed FROM task WHERE name = ?1").Bind(1, name);
        if (!find.Step())
        {
            connection.Prepare("INSERT INTO task (name) VALUES (?1) ON CONFLICT DO NOTHING").Bind(1, name).Execute();
            find.Step();
        }

        var task = new TaskRow(find.GetInt64(0), find.GetBlob(1));
        find.Reset();
        if (task.Number > TaskRow.MaxNumber)
            throw new LinktreeStoreException($"The database '{settings.Path}' has {TaskRow.MaxNumber} tasks already. Give this task another file.");
        return task;
    }
}
