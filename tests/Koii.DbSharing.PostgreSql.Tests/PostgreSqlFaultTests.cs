using Koii.DbSharing.Storage;
using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// Faults below an open store: a clear error, no batch stored in part, and calls succeed again once the fault is gone.
/// </summary>
public sealed class PostgreSqlFaultTests : PostgreSqlFixture
{
    private static readonly SignedLinktree[] Batch = [.. Enumerable.Range(2, 300).Select(author => Create(author, name: new string('x', 500)))];

    [Test]
    public async Task Batch_whose_connection_is_cut_while_it_is_stored_is_retried_and_stored_once()
    {
        await using var store = await NewStoreWithOneRecordAsync();
        await CutInserts(1);

        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 1000)).Changes, Has.Count.EqualTo(1 + Batch.Length));
    }

    [Test]
    public async Task Connection_that_is_cut_in_every_attempt_is_a_transient_failure()
    {
        await using var store = await NewStoreWithOneRecordAsync();
        await CutInserts(1000);

        Assert.That(
            async () => await store.PutAsync(Batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("can be made again"));

        Assert.That(await Database.QueryAsync("SELECT last_value FROM cuts"), Is.EqualTo($"{Retry.MaxAttempts}"));
        await AssertNothingWasStoredAsync(store);
        await Database.ExecuteAsync("DROP TRIGGER cut ON koii_dbsharing.linktree");
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [TestCase(1)]
    [TestCase(5000)]
    [TestCase(100_000)]
    public async Task Batch_whose_connection_is_lost_within_the_request_is_retried_and_stored_once(int bytes)
    {
        await using var proxy = new CuttingProxy(Database.ConnectionString);
        await using var store = new PostgreSqlLinktreeStore(proxy.ConnectionString, Options());
        await store.PutAsync([Create()]);
        proxy.CutRequestAfter(bytes);

        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 1000)).Changes, Has.Count.EqualTo(1 + Batch.Length));
    }

    [Test]
    public async Task Batch_whose_response_was_lost_is_unchanged_in_the_next_attempt()
    {
        await using var proxy = new CuttingProxy(Database.ConnectionString);
        await using var store = new PostgreSqlLinktreeStore(proxy.ConnectionString, Options());
        await store.PutAsync([Create()]);
        proxy.CutResponse();

        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Unchanged));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 1000)).Changes, Has.Count.EqualTo(1 + Batch.Length));
    }

    [Test]
    public async Task Full_disk_stores_nothing_of_a_batch_and_is_written_again_once_there_is_space()
    {
        await using var store = await NewStoreWithOneRecordAsync();
        await Database.ExecuteAsync(
            """
            CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
            END $$;
            CREATE TRIGGER fill AFTER INSERT OR UPDATE ON koii_dbsharing.task FOR EACH ROW EXECUTE FUNCTION fill();
            """);

        Assert.That(
            async () => await store.PutAsync(Batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("full").And.Property("IsTransient").False);

        await AssertNothingWasStoredAsync(store);
        await Database.ExecuteAsync("DROP TRIGGER fill ON koii_dbsharing.task");
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Read_only_server_is_reported_and_still_read()
    {
        var isReadOnly = false;
        var builder = new NpgsqlDataSourceBuilder($"{Database.ConnectionString};No Reset On Close=true");
        builder.UsePhysicalConnectionInitializer(
            connection => throw new NotSupportedException(),
            async connection =>
            {
                await using var set = new NpgsqlCommand($"SET default_transaction_read_only = {(isReadOnly ? "on" : "off")}", connection);
                await set.ExecuteNonQueryAsync();
            });
        await using var dataSource = builder.Build();
        await using var store = new PostgreSqlLinktreeStore(dataSource, Options());
        await store.PutAsync([Create()]);
        isReadOnly = true;
        dataSource.Clear();

        Assert.That(
            async () => await store.PutAsync(Batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only").And.Property("IsTransient").False);

        await AssertNothingWasStoredAsync(store);
        isReadOnly = false;
        dataSource.Clear();
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    // Each of the three ends the wait for a lock, and the message names it. A setting that also limits other waits is
    // longer than those take on a slow machine.
    [TestCase("Command Timeout=10", "did not answer in time")]
    [TestCase("Options=-c lock_timeout=500", "lock timeout")]
    [TestCase("Options=-c statement_timeout=10000", "statement timeout")]
    public async Task Lock_of_another_session_is_a_transient_failure_and_readers_do_not_wait_for_it(string settings, string named)
    {
        await using var maker = await NewStoreWithOneRecordAsync();
        await using var store = NewStore(settings);
        await store.PutAsync([Create()]);
        await using var other = await Database.DataSource.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await LockTheTaskAsync(other);

        Assert.That(
            async () => await store.PutAsync(Batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains(named));

        await AssertNothingWasStoredAsync(store);
        await transaction.RollbackAsync();
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Batch_canceled_while_it_waits_for_a_lock_is_not_stored_and_its_connection_is_used_again()
    {
        await using var store = await NewStoreWithOneRecordAsync("Maximum Pool Size=1");
        await using var other = await Database.DataSource.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await LockTheTaskAsync(other);
        using var source = new CancellationTokenSource();
        var put = store.PutAsync(Batch, source.Token).AsTask();
        await WaitForALockAsync();

        await source.CancelAsync();

        Assert.That(async () => await put, Throws.InstanceOf<OperationCanceledException>());
        await AssertNothingWasStoredAsync(store);
        await transaction.RollbackAsync();
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Pool_without_a_free_connection_is_a_transient_failure()
    {
        // The time-out also applies to connecting, which takes long on a slow machine.
        await using var dataSource = NpgsqlDataSource.Create($"{Database.ConnectionString};Maximum Pool Size=1;Timeout=10");
        await using var store = new PostgreSqlLinktreeStore(dataSource, Options());
        await store.PutAsync([Create()]);
        await using (await dataSource.OpenConnectionAsync())
        {
            var (put, list) = (store.PutAsync(Batch).AsTask(), ListAsync(store));
            Assert.That(
                async () => await put,
                Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("pool"));
            Assert.That(
                async () => await list,
                Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("pool"));
        }

        await AssertNothingWasStoredAsync(store);
        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task Schema_that_was_dropped_is_created_again_by_the_next_call()
    {
        await using var store = await NewStoreWithOneRecordAsync();
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await Database.ExecuteAsync("DROP SCHEMA koii_dbsharing CASCADE");

        Assert.That(
            async () => await store.PutAsync(Batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("changed by another program"));

        Assert.That(await store.PutAsync(Batch), Has.All.EqualTo(PutOutcome.Inserted));
        Assert.That((await store.ReadChangesAsync(position, 1)).IsTrimmed, Is.True, "the feed is a new one");
    }

    private async Task<PostgreSqlLinktreeStore> NewStoreWithOneRecordAsync(string settings = "")
    {
        var store = NewStore(settings);
        await store.PutAsync([Create()]);
        return store;
    }

    private static async Task AssertNothingWasStoredAsync(PostgreSqlLinktreeStore store)
    {
        Assert.That(await ListAsync(store), Is.EqualTo(new[] { Create() }));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 1000)).Changes, Has.Count.EqualTo(1));
    }

    /// <summary>Makes the server end the session of a number of statements after they have inserted records.</summary>
    private Task CutInserts(int statements) => Database.ExecuteAsync(
        $"""
        CREATE SEQUENCE cuts;
        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('cuts') <= {statements} THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER cut AFTER INSERT ON koii_dbsharing.linktree EXECUTE FUNCTION cut();
        """);

    private static async Task LockTheTaskAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT FROM koii_dbsharing.task FOR UPDATE", connection);
        await command.ExecuteNonQueryAsync();
    }
}
