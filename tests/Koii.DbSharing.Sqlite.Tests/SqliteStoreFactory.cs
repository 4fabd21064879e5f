using Koii.DbSharing.StoreContract;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>Creates stores for the contract, each with a file of its own.</summary>
internal sealed class SqliteStoreFactory : ISharedStoreFactory<SqliteLinktreeStore>, IDamageableStoreFactory<SqliteLinktreeStore>
{
    private readonly Dictionary<SqliteLinktreeStore, SqliteFile> _files = [];

    public ValueTask<SqliteLinktreeStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        new(Open(new SqliteFile(), options, timeProvider));

    public async ValueTask<SqliteLinktreeStore> ReopenAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider)
    {
        await store.DisposeAsync();
        return Open(_files[store], options, timeProvider);
    }

    public ValueTask<SqliteLinktreeStore> OpenSecondAsync(SqliteLinktreeStore store, DbSharingOptions options, TimeProvider timeProvider) =>
        new(Open(_files[store], options, timeProvider));

    public ValueTask DamageAsync(SqliteLinktreeStore store, SignedLinktree record, string column)
    {
        using var connection = new SqliteConnection(_files[store].ConnectionString + ";Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = column switch
        {
            "data" => "UPDATE linktree_data SET data = CAST(data || ' ' AS BLOB) WHERE row = (SELECT row FROM linktree WHERE id = $id)",
            "timestamp" or "tombstone" or "checksum" => $"UPDATE linktree SET {column} = {column} + 1 WHERE id = $id",
            _ => $"UPDATE linktree SET {column} = CAST('x' || substr({column}, 2) AS BLOB) WHERE id = $id",
        };
        command.Parameters.AddWithValue("$id", record.Id.AsSpan().ToArray());
        Assert.That(command.ExecuteNonQuery(), Is.EqualTo(1));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var file in _files.Values.Distinct())
            file.Dispose();
        return ValueTask.CompletedTask;
    }

    private SqliteLinktreeStore Open(SqliteFile file, DbSharingOptions options, TimeProvider timeProvider)
    {
        var store = new SqliteLinktreeStore(file.ConnectionString, options, timeProvider);
        _files.Add(store, file);
        return store;
    }
}
