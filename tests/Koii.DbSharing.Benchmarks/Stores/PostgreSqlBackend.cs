using Koii.DbSharing.PostgreSql.Tests;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>Two databases of a cluster that is created for the run, with the default settings of the server.</summary>
internal sealed class PostgreSqlBackend : IBackend
{
    internal const string Store = "PostgreSQL";

    private const string Own = "own";
    private const string Bare = "bare";

    private readonly Workload _workload;
    private readonly TestServer _server;
    private readonly NpgsqlDataSource _administration;

    private PostgreSqlBackend(Workload workload, TestServer server)
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
            var driver = typeof(NpgsqlConnection).Assembly.GetName().Version?.ToString(3);
            return $"PostgreSQL {connection.PostgreSqlVersion} by Npgsql {driver}, over a Unix socket, default settings";
        }
    }

    /// <summary>Starts a server; returns <see langword="null"/> if PostgreSQL is not installed.</summary>
    internal static async Task<PostgreSqlBackend?> TryStartAsync(Workload workload) =>
        TestServer.FindPrograms() is { } programs ? new PostgreSqlBackend(workload, await TestServer.StartAsync(programs)) : null;

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

    public Task<ICandidate> OpenOwnAsync() => OwnStore.OpenAsync(Open(Own));

    public async Task<ICandidate?> OpenBareAsync(bool toWrite) => await BareNpgsql.OpenAsync(ConnectionString(Bare));

    public async ValueTask DisposeAsync()
    {
        await _administration.DisposeAsync();
        await _server.DisposeAsync();
    }

    private PostgreSqlLinktreeStore Open(string database) => new(ConnectionString(database), _workload.Options);

    private string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = database }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _administration.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
