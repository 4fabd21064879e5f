using System.Diagnostics;
using System.Globalization;
using System.Transactions;
using Koii.DbSharing.TestSupport;
using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests.Leases;

public sealed class PostgreSqlReplicationLeaseTests : PostgreSqlFixture
{
    // The view contains the locks of the whole server, which may have other users.
    private const string FromOurLocks =
        "FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    [Test]
    public async Task Lease_has_one_handle_while_it_is_held_and_no_other_process_acquires_it()
    {
        await using var one = NewLease();
        await using var two = NewLease();

        var handle = await one.TryAcquireAsync();

        Assert.That(handle, Is.Not.Null);
        Assert.That(await one.TryAcquireAsync(), Is.SameAs(handle));
        Assert.That(await two.TryAcquireAsync(), Is.Null);
        Assert.That(handle.Lost.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task Released_lease_is_free_at_once_and_acquired_again_with_another_handle()
    {
        await using var one = NewLease();
        await using var two = NewLease();
        var handle = (await one.TryAcquireAsync())!;

        await handle.DisposeAsync();

        Assert.That(handle.Lost.IsCancellationRequested, Is.True);
        var other = (await two.TryAcquireAsync())!;
        Assert.That(await one.TryAcquireAsync(), Is.Null);
        await other.DisposeAsync();
        Assert.That(await one.TryAcquireAsync(), Is.Not.Null.And.Not.SameAs(handle));
    }

    [Test]
    public async Task Lease_whose_session_the_server_ends_is_lost_and_can_be_acquired_again()
    {
        await using var lease = NewLease();
        var handle = (await lease.TryAcquireAsync())!;
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        handle.Lost.Register(lost.SetResult);

        await Database.ExecuteAsync($"SELECT pg_terminate_backend(pid) {FromOurLocks}");
        await lost.Task.WaitAsync(TimeSpan.FromMinutes(10));

        IReplicationLeaseHandle? again;
        while ((again = await lease.TryAcquireAsync()) is null)
            await Task.Yield(); // The server may still be ending the session.
        Assert.That(again, Is.Not.SameAs(handle));
        Assert.That(again.Lost.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task Lease_of_a_process_that_is_stopped_goes_to_another_process_and_is_lost_when_it_continues()
    {
        await Database.ExecuteAsync(LoggedRounds.Schema);
        await using var news = await Database.DataSource.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand("LISTEN round_log", news))
            await listen.ExecuteNonQueryAsync();
        await using var one = ChildProcess.StartAssemblyOf<TestServer>("rounds", Database.ConnectionString);
        await WaitForLineAsync(news, one.Id, LoggedRounds.Starts);
        await using var two = ChildProcess.StartAssemblyOf<TestServer>("rounds", Database.ConnectionString);
        await WaitForLineAsync(news, two.Id, LoggedRounds.Refused);

        await SignalAsync(one, "STOP");
        await WaitForLineAsync(news, two.Id, LoggedRounds.Starts);
        await SignalAsync(one, "CONT");

        await WaitForLineAsync(news, one.Id, LoggedRounds.Refused);
    }

    [Test]
    public async Task Session_that_returns_to_a_pool_has_its_own_settings_again()
    {
        const string Settings = "SELECT string_agg(setting, ',' ORDER BY name) FROM pg_settings WHERE name LIKE 'tcp_keepalives%' OR name = 'idle_session_timeout'";
        await using var dataSource = NpgsqlDataSource.Create($"{Database.ConnectionString};Maximum Pool Size=1;No Reset On Close=true");
        await using var lease = new PostgreSqlReplicationLease(dataSource, Options());
        var before = await QueryAsync();

        await using (await lease.TryAcquireAsync())
        {
        }

        Assert.That(await QueryAsync(), Is.EqualTo(before));

        async Task<object?> QueryAsync()
        {
            await using var command = dataSource.CreateCommand(Settings);
            return await command.ExecuteScalarAsync();
        }
    }

    [Test]
    public async Task Lease_does_not_end_with_a_transaction_of_the_caller()
    {
        await using var lease = NewLease("Enlist=true");
        IReplicationLeaseHandle? handle;
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            handle = await lease.TryAcquireAsync();

        Assert.That(handle!.Lost.IsCancellationRequested, Is.False);
        Assert.That(await Database.QueryAsync($"SELECT count(*) {FromOurLocks} AND granted"), Is.EqualTo("1"));
    }

    [Test]
    public async Task Disposed_lease_is_free_and_throws()
    {
        var one = NewLease();
        var handle = (await one.TryAcquireAsync())!;
        await one.DisposeAsync();

        Assert.That(handle.Lost.IsCancellationRequested, Is.True);
        Assert.That(async () => await one.TryAcquireAsync(), Throws.InstanceOf<ObjectDisposedException>());
        await using var two = NewLease();
        Assert.That(await two.TryAcquireAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Canceled_request_acquires_nothing()
    {
        await using var lease = NewLease();

        Assert.That(async () => await lease.TryAcquireAsync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await Database.QueryAsync($"SELECT count(*) {FromOurLocks}"), Is.EqualTo("0"));
    }

    private async Task WaitForLineAsync(NpgsqlConnection news, int process, string what)
    {
        while (await Database.QueryAsync($"SELECT count(*) FROM round_log WHERE process = {process} AND what = '{what}'") == "0")
            await news.WaitAsync();
    }

    private static async Task SignalAsync(ChildProcess process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private PostgreSqlReplicationLease NewLease(string settings = "") => new($"{Database.ConnectionString};{settings}", Options());
}
