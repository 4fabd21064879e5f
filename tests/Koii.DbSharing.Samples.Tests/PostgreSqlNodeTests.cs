using System.Text.Json;
using Koii.DbSharing.PostgreSql.Tests;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The node sample over PostgreSQL, where several processes are one node to their peers.</summary>
public sealed class PostgreSqlNodeTests
{
    private static readonly DbSharingOptions Options = new() { TaskId = NodeFolder.TaskId };

    private NodeFolder _folder = null!; // the set-up makes both
    private TestDatabase _database = null!;

    private string[] Store => ["--Store:Provider=PostgreSql", $"--Store:ConnectionString={_database.ConnectionString}"];

    [SetUp]
    public async Task Make_a_database()
    {
        _database = await TestDatabase.CreateAsync();
        _folder = new NodeFolder();
    }

    [TearDown]
    public async Task Drop_the_database()
    {
        // Where there is no server, the set-up has made neither.
        _folder?.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task Processes_over_one_database_serve_the_same()
    {
        var (one, oneUrl) = await _folder.ServeAsync(Store);
        await using var endOfOne = one;
        var (two, twoUrl) = await _folder.ServeAsync(Store);
        await using var endOfTwo = two;
        await using (var store = new PostgreSqlLinktreeStore(_database.ConnectionString, Options))
            await store.PutAsync([Sign()]);

        using var client = new HttpClient();
        Assert.That(await client.GetStringAsync($"{oneUrl}/task/{NodeFolder.TaskId}/linktree/list"), Does.Contain("\"uuid\":\"u-1\""));
        Assert.That(await client.GetStringAsync($"{twoUrl}/task/{NodeFolder.TaskId}/linktree/list"), Does.Contain("\"uuid\":\"u-1\""));
    }

    [Test]
    public async Task Round_is_run_by_the_process_that_has_the_lease()
    {
        using var peer = new NodeFolder();
        await using (var store = new SqliteLinktreeStore(peer.ConnectionString, Options))
            await store.PutAsync([Sign()]);
        var (serving, url) = await peer.ServeAsync();
        await using var end = serving;
        await using var lease = new PostgreSqlReplicationLease(_database.ConnectionString, Options);
        var held = await lease.TryAcquireAsync();

        Assert.That(await ShareAsync(url), Is.EqualTo(("LeaseHeldElsewhere", 0)));
        await held!.DisposeAsync();

        Assert.That(await ShareAsync(url), Is.EqualTo(("Completed", 1)));
        await using var filled = new PostgreSqlLinktreeStore(_database.ConnectionString, Options);
        Assert.That((await filled.ListAsync(new LinktreeQuery())).Linktrees, Is.EqualTo(new[] { Sign() }));
    }

    private async Task<(string? Outcome, int Inserted)> ShareAsync(string peer)
    {
        var (exitCode, output, error) = await _folder.ShareOnceAsync([.. Store, $"--DbSharing:Nodes:0={peer}"]);
        Assert.That(exitCode, Is.Zero, error);
        using var report = JsonDocument.Parse(output);
        return (report.RootElement.GetProperty("outcome").GetString(), report.RootElement.GetProperty("verdicts").GetProperty("inserted").GetInt32());
    }

    private static SignedLinktree Sign()
    {
        using var author = LinktreeSigner.FromSeed(new byte[32]);
        return author.Sign("""{"uuid":"u-1","timestamp":1703802587522}"""u8);
    }
}
