using System.Net.Sockets;
using Koii.DbSharing.Storage;
using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>Which servers and sessions a store and a lease use.</summary>
public sealed class PostgreSqlConnectionTests : PostgreSqlFixture
{
    [Test]
    public async Task Sessions_that_began_while_the_database_was_read_only_are_not_used_again()
    {
        await SetReadOnlyAsync(true);
        await using var store = NewStore();
        await using var dataSource = NpgsqlDataSource.Create(Database.ConnectionString);
        await using var lease = new PostgreSqlReplicationLease(dataSource, Options());
        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only"));
        Assert.That(async () => await lease.TryAcquireAsync(), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only"));

        await SetReadOnlyAsync(false);

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(await lease.TryAcquireAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Database_that_is_read_only_is_read_by_sessions_that_begin_later()
    {
        await using var store = NewStore("Application Name=store");
        await store.PutAsync([Create()]);
        await SetReadOnlyAsync(true);
        await Database.ExecuteAsync(
            "SET transaction_read_only = off; SELECT pg_terminate_backend(pid, 900000) FROM pg_stat_activity WHERE application_name = 'store'");

        Assert.That(await ListAsync(store), Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
        Assert.That(
            async () => await store.PutAsync([Create(author: 2)]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only"));

        await SetReadOnlyAsync(false);
        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [TestCase(typeof(TimeoutException), true)]
    [TestCase(typeof(SocketException), true)]
    [TestCase(typeof(IOException), true)]
    [TestCase(typeof(NotSupportedException), false)]
    public async Task Exceptions_that_the_driver_does_not_wrap_are_failures_of_the_store(Type type, bool isTransient)
    {
        var builder = new NpgsqlDataSourceBuilder(Database.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            connection => throw new NotSupportedException(),
            connection => Task.FromException((Exception)Activator.CreateInstance(type)!));
        await using var dataSource = builder.Build();
        await using var store = new PostgreSqlLinktreeStore(dataSource, Options());
        await using var lease = new PostgreSqlReplicationLease(dataSource, Options());

        Assert.That(
            async () => await store.GetAsync([Create().Id]),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").EqualTo(isTransient).And.InnerException.InstanceOf(type));
        Assert.That(
            async () => await lease.TryAcquireAsync(),
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").EqualTo(isTransient).And.InnerException.InstanceOf(type));
    }

    [TestCase("", GssEncryptionMode.Disable)]
    [TestCase(";Gss Encryption Mode=Prefer", GssEncryptionMode.Prefer)]
    [TestCase(";GSS Encryption Mode=Require", GssEncryptionMode.Require)]
    public async Task Encryption_by_GSSAPI_is_not_asked_for_unless_the_connection_string_does(string settings, GssEncryptionMode expected)
    {
        await using var dataSource = DataSources.Create("Host=localhost" + settings, pooling: true);

        Assert.That(new NpgsqlConnectionStringBuilder(dataSource.ConnectionString).GssEncryptionMode, Is.EqualTo(expected));
    }

    [Test]
    public async Task Host_that_is_down_is_skipped_and_a_failure_of_all_hosts_is_transient()
    {
        var host = new NpgsqlConnectionStringBuilder(Database.ConnectionString).Host;
        await using var store = NewStore($"Host=/no/such/folder,{host}");
        await using var unreachable = NewStore("Host=/no/such/folder,/no/such/folder/either");

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        for (var call = 0; call < 2; call++)
        {
            Assert.That(
                async () => await unreachable.PutAsync([Create()]),
                Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("cannot be reached").And.Property("IsTransient").True);
        }

        await using var lease = new PostgreSqlReplicationLease($"{Database.ConnectionString};Host=/no/such/folder,{host}", Options());
        Assert.That(await lease.TryAcquireAsync(), Is.Not.Null);
    }

    [Test]
    public async Task Single_host_may_be_named_with_the_attributes_of_a_primary()
    {
        await using var store = NewStore("Target Session Attributes=read-write");

        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [TestCase("Host=one;Target Session Attributes=standby")]
    [TestCase("Host=one,two;Target Session Attributes=prefer-standby")]
    [TestCase("Host=one,two;Target Session Attributes=read-only")]
    public void Standby_is_rejected(string connectionString) => Assert.That(
        () => new PostgreSqlLinktreeStore(connectionString, Options()),
        Throws.ArgumentException.With.Message.Contains("Target Session Attributes").And.Message.Contains("primary"));

    private async Task SetReadOnlyAsync(bool isReadOnly)
    {
        var name = new NpgsqlConnectionStringBuilder(Database.ConnectionString).Database;
        await Database.ExecuteAsync(
            $"SET transaction_read_only = off; ALTER DATABASE {name} SET default_transaction_read_only = {(isReadOnly ? "on" : "off")}");
    }
}
