using Koii.DbSharing.PostgreSql.Tests;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Two databases of a cluster that is made for the run, with the server's default settings.</summary>
internal sealed class PostgreSqlArena : IArena
{
    internal const string Store = "PostgreSQL";

    private const string Own = "own";
    private const string Bare = "bare";

    private readonly Workload _workload;
    private readonly TestServer _server;
    private readonly NpgsqlDataSource _administration;

    private PostgreSqlArena(Workload workload, TestServer server)
    {
        _workload = workload;
        _server = server;
        _administration = NpgsqlDataSource.Create(server.ConnectionString);
    }

    public string Name => Store;

    public string? Description
    {
        get
        {
            using var connection = _administration.OpenConnection();
            return $"PostgreSQL {connection.PostgreSqlVersion} by Npgsql {typeof(NpgsqlConnection).Assembly.GetName().Version?.ToString(3)}, over a Unix socket, settings as they come";
        }
    }

    /// <summary>Starts a server; answers <see langword="null"/> where the machine has none.</summary>
    internal static async Task<PostgreSqlArena?> TryStartAsync(Workload workload) =>
        TestServer.FindPrograms() is { } programs ? new PostgreSqlArena(workload, await TestServer.StartAsync(programs)) : null;

    public async Task ClearAsync()
    {
        foreach (var database in new[] { Own, Bare })
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
            await ExecuteAsync($"CREATE DATABASE {database}");
        }

        await using var store = Open(Bare);
        await store.ReadChangesAsync(ChangePosition.Latest, 1);
    }

    public Task<IContestant> OpenOwnAsync() => OwnStore.OpenAsync(Open(Own));

    public async Task<IContestant?> OpenBareAsync(bool toWrite) => await BareNpgsql.OpenAsync(ConnectionString(Bare));

    public async ValueTask DisposeAsync()
    {
        await _administration.DisposeAsync();
        await _server.DisposeAsync();
    }

    private PostgreSqlLinktreeStore Open(string database) => new(ConnectionString(database), _workload.Options);

    private string ConnectionString(string database) => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = database }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _administration.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
