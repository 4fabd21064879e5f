using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;
using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>A database whose history is replaced by another one: changes that a reader has received may not have happened.</summary>
public sealed class PostgreSqlHistoryTests : PostgreSqlFixture
{
    [Test]
    public async Task Feed_starts_again_with_the_first_write_of_another_history()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await ReplaceOriginAsync("'00000002/1'");
        Assert.That((await store.ReadChangesAsync(position, 1)).IsTrimmed, Is.False, "nothing was written");

        await store.PutAsync([Create(author: 2)]);

        var page = await store.ReadChangesAsync(position, 10);
        Assert.That(page.IsTrimmed, Is.True);
        Assert.That((await store.ReadChangesAsync(page.Next, 10)).Changes, Has.Count.EqualTo(2));
        await store.PutAsync([Create(author: 3)]);
        Assert.That((await store.ReadChangesAsync(page.Next, 10)).Changes, Has.Count.EqualTo(3), "and only with the first");
    }

    [Test]
    public async Task Feed_starts_again_after_a_lost_connection_where_the_history_is_not_known()
    {
        await using var store = NewStore("Application Name=store");
        await store.PutAsync([Create()]);
        await ReplaceOriginAsync("NULL");
        await store.PutAsync([Create(author: 2)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(author: 3)]);
        Assert.That((await store.ReadChangesAsync(position, 10)).Changes, Has.Count.EqualTo(1));

        await Database.ExecuteAsync("SELECT pg_terminate_backend(pid, 900000) FROM pg_stat_activity WHERE application_name = 'store'");

        Assert.That((await store.ReadChangesAsync(position, 10)).IsTrimmed, Is.True);
    }

    [Test]
    public async Task Failover_to_a_standby_that_lacks_the_last_batches_is_noticed_and_the_node_goes_on()
    {
        await using var primary = await TestServer.StartAsync(Servers.RequirePrograms());
        await using (var first = new PostgreSqlLinktreeStore(primary.ConnectionString, Options()))
            await first.PutAsync([.. Enumerable.Range(0, 20).Select(i => Create(i))]);

        // It has these records, and not those that are stored after it was stopped.
        await using var standby = await primary.StartStandbyAsync();
        var hosts = new[] { standby, primary }.Select(server => new NpgsqlConnectionStringBuilder(server.ConnectionString).Host);
        var both = new NpgsqlConnectionStringBuilder(primary.ConnectionString) { Host = string.Join(',', hosts) }.ConnectionString;
        await using var store = new PostgreSqlLinktreeStore(both, Options());
        await using var lease = new PostgreSqlReplicationLease(both, Options());
        var engine = EngineWithoutPeers.Create(store);
        Assert.That((await engine.GetSummaryAsync()).Count, Is.EqualTo(20));
        Assert.That(await lease.TryAcquireAsync(), Is.Not.Null);
        await standby.CrashAsync();
        SignedLinktree[] lost = [.. Enumerable.Range(100, 10).Select(i => Create(i))];
        await store.PutAsync(lost);
        Assert.That((await engine.GetSummaryAsync()).Count, Is.EqualTo(30));
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        await primary.CrashAsync();
        await standby.StartAsync();
        await standby.PromoteAsync();
        await UntilAvailableAsync(() => store.PutAsync([.. Enumerable.Range(200, 10).Select(i => Create(i))]).AsTask());

        Assert.That((await store.ReadChangesAsync(position, 1)).IsTrimmed, Is.True);
        var stored = await ListAsync(store);
        Assert.That(stored, Has.Count.EqualTo(30).And.Not.Contain(lost[0]));
        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize([.. stored])));
        Assert.That(await store.PutAsync(lost), Has.All.EqualTo(PutOutcome.Inserted), "peers deliver them again");
        IReplicationLeaseHandle? handle = null;
        await UntilAvailableAsync(async () => handle = await lease.TryAcquireAsync());
        Assert.That(handle!.Lost.IsCancellationRequested, Is.False);
    }

    /// <summary>Calls again as long as the failure is one that passes, as callers of a store do.</summary>
    private static async Task UntilAvailableAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (LinktreeStoreException failure) when (failure.IsTransient)
            {
            }
        }
    }

    private Task ReplaceOriginAsync(string origin) => Database.ExecuteAsync(
        $"CREATE OR REPLACE FUNCTION koii_dbsharing.origin() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN {origin}; END $$");
}
