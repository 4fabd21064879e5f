using Microsoft.Data.Sqlite;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>A file for each test, and connections to it that bypass the store.</summary>
public abstract class SqliteFixture
{
    private protected static LinktreeQuery Everything { get; } = new() { IncludeTombstones = true };

    private protected SqliteFile File { get; private set; } = null!; // Created in the set-up of each test.

    [SetUp]
    public void Create_a_file() => File = new SqliteFile();

    [TearDown]
    public void Delete_the_file() => File.Dispose();

    private protected SqliteLinktreeStore NewStore(DbSharingOptions? options = null) => new(File.ConnectionString, options ?? Options());

    private protected async Task PutAndCloseAsync(SignedLinktree record)
    {
        await using var store = NewStore();
        await store.PutAsync([record]);
    }

    private protected SqliteConnection Connect() => Connect(File);

    private protected static SqliteConnection Connect(SqliteFile file)
    {
        var connection = new SqliteConnection(file.ConnectionString + ";Pooling=False");
        connection.Open();
        return connection;
    }

    private protected void Execute(string sql)
    {
        using var connection = Connect();
        Execute(connection, sql);
    }

    private protected static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Makes an index that contains none of the rows: no statement of the store fails, and only a check of the whole file
    /// finds it.
    /// </summary>
    private protected async Task DamageAnIndexAsync()
    {
        await PutAndCloseAsync(Create());
        using var connection = Connect();
        Execute(
            connection,
            """
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'substr(id, 1, 8)', 'substr(id, 2, 8)') WHERE name = 'linktree_by_id'
            """);
    }

    /// <summary>
    /// Runs a statement on the entries of an index alone, as a fault of the disk changes them: as a table named <c>entries</c> that
    /// has the pages of the index.
    /// </summary>
    private protected void EditIndex(string index, string columns, string sql)
    {
        using (var connection = Connect())
        {
            Execute(
                connection,
                $"""
                PRAGMA writable_schema = ON;
                INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) SELECT 'table', 'entries', 'entries', rootpage,
                    'CREATE TABLE entries ({columns}, row, PRIMARY KEY ({columns}, row)) WITHOUT ROWID' FROM sqlite_schema WHERE name = '{index}'
                """);
        }

        using (var connection = Connect())
        {
            Execute(connection, sql);
            Execute(connection, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'entries'");
        }
    }

    private protected string Query(string sql) => Query(File, sql);

    private protected static string Query(SqliteFile file, string sql)
    {
        using var connection = Connect(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
