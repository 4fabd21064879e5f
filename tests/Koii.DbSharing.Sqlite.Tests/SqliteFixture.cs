using Microsoft.Data.Sqlite;
using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>A file for each test, and the ways to look at it from outside of a store.</summary>
public abstract class SqliteFixture
{
    private protected static LinktreeQuery Everything { get; } = new() { IncludeTombstones = true };

    private protected SqliteFile File { get; private set; } = null!; // the set-up makes one for each test

    [SetUp]
    public void Make_a_file() => File = new SqliteFile();

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

    /// <summary>An index that has none of the rows that are there: no statement of the store minds, and only a whole look through the file finds it.</summary>
    private protected async Task DamageAnIndexAsync()
    {
        await PutAndCloseAsync(Create());
        using var connection = Connect();
        Execute(connection, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'substr(id, 1, 8)', 'substr(id, 2, 8)') WHERE name = 'linktree_by_id'");
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
