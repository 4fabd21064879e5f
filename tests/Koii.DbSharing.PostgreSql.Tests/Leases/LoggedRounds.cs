using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Koii.DbSharing.PostgreSql.Tests.Leases;

/// <summary>
/// A process that runs rounds under the lease and logs in the database: it asks, it is refused, a round starts, a round
/// ends.
/// </summary>
internal sealed class LoggedRounds(NpgsqlDataSource log, IReplicationLease lease) : IPeerClient, IReplicationLease
{
    internal const string Asks = "asks", Refused = "refused", Starts = "starts", Ends = "ends";

    /// <summary>The log, in the order of <c>number</c>; each line notifies <c>round_log</c>.</summary>
    internal const string Schema =
        """
        CREATE TABLE round_log (
            number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL DEFAULT clock_timestamp(),
            process integer NOT NULL,
            what text NOT NULL)
        """;

    private static readonly NodeAddress Peer = NodeAddress.Parse("http://peer.example");

    internal static DbSharingOptions Options { get; } = new() { TaskId = "task", Interval = TimeSpan.FromSeconds(2) };

    /// <summary>Runs rounds until the process is killed.</summary>
    internal static async Task RunAsync(string connectionString)
    {
        connectionString += $";Application Name={ApplicationName(Environment.ProcessId)}";
        await using var log = NpgsqlDataSource.Create(connectionString);
        await using var lease = new PostgreSqlReplicationLease(connectionString, Options);
        var rounds = new LoggedRounds(log, lease);
        var engine = new ReplicationEngine(
            new StaticNodeDirectory([Peer]),
            rounds,
            new Ed25519SignatureVerifier(),
            new InMemoryLinktreeStore(Options),
            Options,
            new ReplicationEngineServices { Lease = rounds });
        await engine.RunAsync(CancellationToken.None);
    }

    /// <summary>Returns the application name of the sessions of a process.</summary>
    internal static string ApplicationName(int process) => string.Create(CultureInfo.InvariantCulture, $"rounds-{process}");

    internal static async Task WriteAsync(NpgsqlDataSource log, int process, string what, CancellationToken cancellationToken = default)
    {
        await using var write = log.CreateCommand(
            string.Create(CultureInfo.InvariantCulture, $"INSERT INTO round_log (process, what) VALUES ({process}, '{what}'); NOTIFY round_log"));
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default)
    {
        await WriteAsync(log, Environment.ProcessId, Asks, cancellationToken);
        var handle = await lease.TryAcquireAsync(cancellationToken);
        if (handle is null)
            await WriteAsync(log, Environment.ProcessId, Refused, cancellationToken);
        return handle;
    }

    public async IAsyncEnumerable<PeerPage> ReadAllAsync(
        NodeAddress peer, string? entityTag, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await WriteAsync(log, Environment.ProcessId, Starts, cancellationToken);

        // Long enough that some processes are killed within a round.
        await Task.Delay(TimeSpan.FromMilliseconds(400), cancellationToken);
        await WriteAsync(log, Environment.ProcessId, Ends, cancellationToken);
        yield return new PeerPage([]);
    }
}
