using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Two files in a folder.</summary>
internal sealed class SqliteArena(Workload workload, DirectoryInfo folder) : IArena
{
    internal const string Store = "SQLite";

    public string Name => Store;

    public string? Description
    {
        get
        {
            using var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            return $"SQLite {connection.ServerVersion} by Microsoft.Data.Sqlite {typeof(SqliteConnection).Assembly.GetName().Version?.ToString(3)}, synchronous=FULL";
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

    public Task<IContestant> OpenOwnAsync() => OwnStore.OpenAsync(new SqliteLinktreeStore(Own, workload.Options));

    /// <summary>With as much memory as our store's connections have: one that writes, and those that read.</summary>
    public Task<IContestant?> OpenBareAsync(bool toWrite) => Task.FromResult<IContestant?>(new BareSqlite(Bare, toWrite ? 16 * 1024 : 2 * 1024));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string ConnectionString(string file) => new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.FullName, file), Pooling = false }.ToString();
}
