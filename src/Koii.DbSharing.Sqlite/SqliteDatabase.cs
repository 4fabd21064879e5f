using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>A file that has been opened, brought to the newest schema and trimmed: its one writing connection and its readers.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>The pages of SQLite that the writer may keep in memory: enough for the inner pages of the indexes of millions of records.</summary>
    private const int WriterCacheKilobytes = 16 * 1024;

    /// <summary>Each page of records touches leaves all over two indexes. Moving them to the database file less often merges what is written to the same leaves.</summary>
    private const int PagesBetweenCheckpoints = 8192;

    /// <summary>How often the switch to WAL waits for another process that is at the same point.</summary>
    private const int MaxJournalModeAttempts = 16;

    private SqliteDatabase(LinktreeConnection connection, PageWriter writer, ReaderPool readers)
    {
        Connection = connection;
        Writer = writer;
        Readers = readers;
    }

    internal LinktreeConnection Connection { get; }

    internal PageWriter Writer { get; }

    internal ReaderPool Readers { get; }

    internal static SqliteDatabase Open(SqliteStoreSettings settings, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        UncleanStop.CheckAfter(settings, cancellationToken);
        var connection = new LinktreeConnection(settings, WriterCacheKilobytes);
        try
        {
            UseWriteAheadLog(connection, settings.Path);
            SchemaScripts.Apply(connection, settings.Path);
            var task = RegisterTask(connection, settings.TaskId);
            var transaction = new TaskTransaction(connection, task, settings, timeProvider);
            var latest = timeProvider.GetUtcNow().Add(settings.MaxClockSkew).ToUnixTimeMilliseconds();
            OpeningTrim.Run(connection, transaction, task, settings.LinktreesPerAuthor, latest);
            var writer = new PageWriter(transaction, settings.LinktreesPerAuthor, settings.MaxRecords);

            // From now on the store itself waits for the lock, without a thread.
            connection.SetBusyTimeout(TimeSpan.Zero);
            return new SqliteDatabase(connection, writer, new ReaderPool(settings, task));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Closes the readers first: the last connection to close moves the log into the database and deletes it.</summary>
    public void Dispose()
    {
        Readers.Dispose();
        Connection.Dispose();
    }

    private static void UseWriteAheadLog(LinktreeConnection connection, string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var mode = connection.ReadText("PRAGMA journal_mode = WAL");
                if (mode != "wal")
                    throw new LinktreeStoreException($"The database '{path}' cannot use a write-ahead log (its journal mode stays '{mode}'). It needs a local disk and must not be read-only.");
                break;
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode == raw.SQLITE_BUSY && attempt < MaxJournalModeAttempts)
            {
                // SQLite does not wait for this lock, since two who switch at once would wait for each other. It does wait for the one of a transaction.
                connection.Execute("BEGIN IMMEDIATE");
                connection.Commit();
            }
        }

        connection.Execute("PRAGMA synchronous = FULL");
        connection.Execute($"PRAGMA wal_autocheckpoint = {PagesBetweenCheckpoints}");
    }

    private static long RegisterTask(LinktreeConnection connection, string taskId)
    {
        var name = Encoding.UTF8.GetBytes(taskId);
        var find = connection.Prepare("SELECT task FROM task WHERE name = ?1").Bind(1, name);
        if (!find.Step())
        {
            connection.Prepare("INSERT INTO task (name) VALUES (?1) ON CONFLICT DO NOTHING").Bind(1, name).Execute();
            find.Step();
        }

        var task = find.GetInt64(0);
        find.Reset();
        return task;
    }
}
