using System.Transactions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

public sealed class UsePostgreSqlTests : PostgreSqlFixture
{
    private const string SomeDatabase = "Host=localhost;Database=linktrees;Username=node";

    [Test]
    public async Task Store_and_lease_have_the_options_of_the_task_and_are_closed_with_the_container()
    {
        var services = NewServices("", "task");
        new Builder(services, "").UsePostgreSql(Database.ConnectionString);

        await using (var provider = services.BuildServiceProvider())
        {
            var store = provider.GetRequiredService<ILinktreeStore>();
            Assert.That(store, Is.InstanceOf<PostgreSqlLinktreeStore>());
            await store.PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
            Assert.That(await SessionsAsync(), Is.EqualTo("2"), "one of the store, one of the lease");
        }

        await AssertNoSessionIsLeftAsync();
    }

    [Test]
    public async Task Data_source_of_the_application_is_used_and_not_disposed()
    {
        await using var dataSource = NpgsqlDataSource.Create(Database.ConnectionString);
        var services = NewServices("", "task");
        new Builder(services, "").UsePostgreSql(dataSource);

        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
        }

        await using var afterwards = dataSource.CreateCommand("SELECT count(*) FROM koii_dbsharing.linktree");
        Assert.That(await afterwards.ExecuteScalarAsync(), Is.EqualTo(1L));
        await using var lease = new PostgreSqlReplicationLease(Database.ConnectionString, Options());
        Assert.That(await lease.TryAcquireAsync(), Is.Not.Null, "the lease was released, although the pool may keep its session");
    }

    [Test]
    public async Task Data_source_of_the_application_comes_from_the_container_and_is_not_disposed()
    {
        var services = NewServices("", "task");
        services.AddSingleton(NpgsqlDataSource.Create(Database.ConnectionString)); // An instance: the container does not own it.
        new Builder(services, "").UsePostgreSql(container => container.GetRequiredService<NpgsqlDataSource>());
        NpgsqlDataSource dataSource;

        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
            dataSource = provider.GetRequiredService<NpgsqlDataSource>();
        }

        await using var end = dataSource;
        await using var afterwards = dataSource.CreateCommand("SELECT count(*) FROM koii_dbsharing.linktree");
        Assert.That(await afterwards.ExecuteScalarAsync(), Is.EqualTo(1L));
    }

    [Test]
    public async Task Data_source_that_the_container_owns_is_disposed_after_store_and_lease()
    {
        var services = NewServices("", "task");
        services.AddSingleton(_ => NpgsqlDataSource.Create(Database.ConnectionString));
        new Builder(services, "").UsePostgreSql(container => container.GetRequiredService<NpgsqlDataSource>());

        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
        }

        await AssertNoSessionIsLeftAsync();
    }

    [Test]
    public async Task Connection_string_comes_from_the_container()
    {
        var services = NewServices("", "task");
        services.AddSingleton(new Settings(Database.ConnectionString));
        new Builder(services, "").UsePostgreSql(container => container.GetRequiredService<Settings>().ConnectionString);

        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
        }

        await AssertNoSessionIsLeftAsync();
    }

    [Test]
    public async Task Container_that_is_disposed_synchronously_closes_store_and_lease()
    {
        var services = NewServices("", "task");
        new Builder(services, "").UsePostgreSql(Database.ConnectionString);

        using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Create()]);
            Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
        }

        await AssertNoSessionIsLeftAsync();
    }

    [Test]
    public async Task Named_tasks_have_their_own_stores_and_leases_in_one_database()
    {
        var services = NewServices("one", "two");
        foreach (var name in new[] { "one", "two" })
        {
            services.Configure<DbSharingOptions>(name, options => options.TaskId = name);
            new Builder(services, name).UsePostgreSql(Database.ConnectionString);
        }

        await using var provider = services.BuildServiceProvider();
        var one = provider.GetRequiredKeyedService<ILinktreeStore>("one");
        var two = provider.GetRequiredKeyedService<ILinktreeStore>("two");
        await one.PutAsync([Create()]);

        Assert.That(await ListAsync(one), Has.Count.EqualTo(1));
        Assert.That(await ListAsync(two), Is.Empty);
        Assert.That(await provider.GetRequiredKeyedService<IReplicationLease>("one").TryAcquireAsync(), Is.Not.Null);
        Assert.That(await provider.GetRequiredKeyedService<IReplicationLease>("two").TryAcquireAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Lease_can_use_another_connection_than_the_store()
    {
        // For example with a pooler in transaction mode: the lease needs a session of its own.
        var services = NewServices("", "task");
        new Builder(services, "").UsePostgreSql(SomeDatabase)
            .UseReplicationLease((_, options) => new PostgreSqlReplicationLease(Database.ConnectionString, options));

        await using var provider = services.BuildServiceProvider();

        Assert.That(await provider.GetRequiredService<IReplicationLease>().TryAcquireAsync(), Is.Not.Null);
    }

    [TestCase("Data Source=linktrees.db", "is not one of Npgsql")]
    [TestCase("Host=localhost;Port=first", "is not one of Npgsql")]
    [TestCase("no settings at all", "is not one of Npgsql")]
    [TestCase("Database=linktrees;Username=node", "does not name a host")]
    [TestCase(SomeDatabase + ";Multiplexing=true", "Multiplexing")]
    public void Wrong_connection_string_throws_with_the_reason_and_without_the_string(string connectionString, string named)
    {
        connectionString += ";Password=secret";

        Assert.That(
            () => new PostgreSqlLinktreeStore(connectionString, Options()),
            Throws.ArgumentException.With.Message.Contains(named)
                .And.Message.Not.Contains("secret").And.Property("ParamName").EqualTo("connectionString"));
        Assert.That(
            () => new PostgreSqlReplicationLease(connectionString, Options()),
            Throws.ArgumentException.With.Message.Contains(named).And.Message.Not.Contains("secret"));
    }

    [Test]
    public void Connection_string_and_data_source_are_required()
    {
        var builder = new Builder(new ServiceCollection(), "");

        Assert.That(() => builder.UsePostgreSql(" "), Throws.ArgumentException);
        Assert.That(() => builder.UsePostgreSql((NpgsqlDataSource)null!), Throws.ArgumentNullException);
        Assert.That(() => builder.UsePostgreSql((Func<IServiceProvider, string>)null!), Throws.ArgumentNullException);
        Assert.That(() => builder.UsePostgreSql((Func<IServiceProvider, NpgsqlDataSource>)null!), Throws.ArgumentNullException);
        Assert.That(() => new PostgreSqlLinktreeStore((NpgsqlDataSource)null!, Options()), Throws.ArgumentNullException);
        Assert.That(() => new PostgreSqlReplicationLease((NpgsqlDataSource)null!, Options()), Throws.ArgumentNullException);
    }

    [Test]
    public async Task Data_source_that_multiplexes_is_rejected()
    {
        await using var dataSource = NpgsqlDataSource.Create(SomeDatabase + ";Multiplexing=true");

        Assert.That(() => new PostgreSqlLinktreeStore(dataSource, Options()), Throws.ArgumentException.With.Message.Contains("Multiplexing"));
        Assert.That(() => new PostgreSqlReplicationLease(dataSource, Options()), Throws.ArgumentException.With.Message.Contains("Multiplexing"));
    }

    [Test]
    public void Invalid_options_throw()
    {
        Assert.That(
            () => new PostgreSqlLinktreeStore(SomeDatabase, new DbSharingOptions()),
            Throws.ArgumentException.With.Message.Contains("TaskId"));
        Assert.That(
            () => new PostgreSqlReplicationLease(SomeDatabase, new DbSharingOptions()),
            Throws.ArgumentException.With.Message.Contains("TaskId"));
        Assert.That(
            () => new PostgreSqlLinktreeStore(SomeDatabase, Options(linktreesPerAuthor: 0)),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PostgreSqlLinktreeStore(SomeDatabase, Options(maxRecords: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase("")]
    [TestCase("Enlist=true;No Reset On Close=true")]
    public async Task Transaction_of_the_caller_has_no_effect(string settings)
    {
        await using var dataSource = NpgsqlDataSource.Create($"{Database.ConnectionString};{settings}");
        await using var store = new PostgreSqlLinktreeStore(dataSource, Options());

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await store.PutAsync([Create()]);

        Assert.That(await ListAsync(store), Is.EqualTo(new[] { Create() }), "stored, although the transaction of the caller was rolled back");
    }

    private async Task AssertNoSessionIsLeftAsync()
    {
        // A session ends soon after its connection.
        while (await SessionsAsync() != "0")
            await Task.Yield();
    }

    // The server may have a process of its own in the database, such as an autovacuum worker.
    private Task<string> SessionsAsync() =>
        Database.QueryAsync(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            """);

    private static ServiceCollection NewServices(string name, string taskId)
    {
        var services = new ServiceCollection();
        services.Configure<DbSharingOptions>(name, options => options.TaskId = taskId);
        return services;
    }

    private sealed record Builder(IServiceCollection Services, string Name) : IDbSharingBuilder;

    private sealed record Settings(string ConnectionString);
}
