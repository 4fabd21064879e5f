using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Two files in a directory.</summary>
internal sealed class SqliteBackend(Workload workload, DirectoryInfo folder) : IBackend
{
    internal const string Store = "SQLite";

    public string Name => Store;

    public string? Description
    {
        get
        {
            using var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            var driver = typeof(SqliteConnection).Assembly.GetName().Version?.ToString(3);
            return $"SQLite {connection.ServerVersion} by Microsoft.Data.Sqlite {driver}, synchronous=FULL";
        }
    }

    private string Own => ConnectionString("own.db");

    private string Bare => ConnectionString("bare.db");

    public async Task ClearAsync()
    {
        foreach (var file in folder.GetFiles("*.db*"))
            file.Delete();

        await using var store = new SqliteLinktreeStore(Bare, workload.Options);
        await store.ReadChangesAsync(ChangePosition.Latest, 1);
    }

    public Task<ICandidate> OpenOwnAsync() => OwnStore.OpenAsync(new SqliteLinktreeStore(Own, workload.Options));

    /// <summary>With the cache of the store's connections: of the writer, and of a reader.</summary>
    public Task<ICandidate?> OpenBareAsync(bool toWrite) =>
        Task.FromResult<ICandidate?>(new BareSqlite(Bare, toWrite ? 16 * 1024 : 2 * 1024));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string ConnectionString(string file) =>
        new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.FullName, file), Pooling = false }.ToString();
}
