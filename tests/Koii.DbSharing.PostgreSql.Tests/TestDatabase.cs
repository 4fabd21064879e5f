using System.Globalization;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// An empty database of one test, with connections that bypass the store. Disposing drops it, even with open connections.
/// </summary>
/// <remarks>
/// The time-outs of its connection string are for hangs only: those of the driver would end statements that a slow
/// machine or disk still executes.
/// </remarks>
internal sealed class TestDatabase : IAsyncDisposable
{
    private const int LongestSeconds = 900;

    private readonly NpgsqlDataSource _server;
    private readonly string _name;

    private TestDatabase(NpgsqlDataSource server, string name, string connectionString)
    {
        _server = server;
        _name = name;
        ConnectionString = connectionString;
        DataSource = NpgsqlDataSource.Create(connectionString);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    public static async Task<TestDatabase> CreateAsync(string? serverConnectionString = null)
    {
        var server = new NpgsqlConnectionStringBuilder(serverConnectionString ?? await Servers.RequireAsync())
        {
            Timeout = LongestSeconds,
            CommandTimeout = LongestSeconds,
            CancellationTimeout = 1000 * LongestSeconds,
        };
        var database = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = $"koii_dbsharing_{Guid.NewGuid():N}" };
        server.Pooling = false;
        var dataSource = NpgsqlDataSource.Create(server);
        await using var create = dataSource.CreateCommand($"CREATE DATABASE {database.Database}");
        await create.ExecuteNonQueryAsync();
        return new TestDatabase(dataSource, database.Database, database.ConnectionString);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<string> QueryAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();

        // FORCE waits at most five seconds for the sessions to end.
        var terminate = $"SELECT pg_terminate_backend(pid, {1000L * LongestSeconds}) FROM pg_stat_activity WHERE datname = '{_name}'";
        await using (var end = _server.CreateCommand(terminate))
            await end.ExecuteNonQueryAsync();
        await using (var drop = _server.CreateCommand($"DROP DATABASE {_name} WITH (FORCE)"))
            await drop.ExecuteNonQueryAsync();
        await _server.DisposeAsync();
    }
}
