using Npgsql;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>The schema that a store creates or finds when it opens a database.</summary>
public sealed class PostgreSqlOpeningTests : PostgreSqlFixture
{
    [Test]
    [Repeat(3)]
    public async Task Stores_open_an_empty_database_concurrently()
    {
        PostgreSqlLinktreeStore[] stores = [.. Enumerable.Range(0, 24).Select(_ => NewStore("Pooling=false"))];
        try
        {
            await Task.WhenAll(stores.Select((store, author) => Task.Run(() => store.PutAsync([Create(author)]).AsTask())));

            Assert.That(await ListAsync(stores[0]), Has.Count.EqualTo(stores.Length));
            Assert.That(await Database.QueryAsync("SELECT string_agg(version::text, ',') FROM koii_dbsharing.schema_version"), Is.EqualTo("6"));
            Assert.That(await Database.QueryAsync("SELECT count(*) FROM koii_dbsharing.task"), Is.EqualTo("1"));
        }
        finally
        {
            foreach (var store in stores)
                await store.DisposeAsync();
        }
    }

    [Test]
    public async Task Session_that_waits_while_another_creates_the_schema_finds_it()
    {
        await using var connection = await Database.DataSource.OpenConnectionAsync();
        await using var other = await Database.DataSource.OpenConnectionAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({SchemaScripts.LockKey})", other))
            await hold.ExecuteNonQueryAsync();
        var applied = SchemaScripts.ApplyAsync(connection, CancellationToken.None);
        await WaitForALockAsync();

        await using (var create = new NpgsqlCommand(await ScriptsAsync(), other))
            await create.ExecuteNonQueryAsync();
        await transaction.CommitAsync();

        Assert.That(async () => await applied, Throws.Nothing);
    }

    [Test]
    public async Task Schema_of_a_newer_version_is_rejected()
    {
        await using (var store = NewStore())
            await store.PutAsync([Create()]);
        await Database.ExecuteAsync("UPDATE koii_dbsharing.schema_version SET version = 7");
        await using var older = NewStore();

        Assert.That(
            async () => await older.PutAsync([Create(author: 2)]),
            Throws.InstanceOf<LinktreeStoreException>()
                .With.Message.Contains("version 7").And.Message.Contains("Update the package").And.Property("IsTransient").False);
        Assert.That(await Database.QueryAsync("SELECT count(*) FROM koii_dbsharing.linktree"), Is.EqualTo("1"));
    }

    [Test]
    public async Task Schema_of_version_0_1_is_rejected_until_it_is_dropped()
    {
        await Database.ExecuteAsync(
            """
            CREATE SCHEMA koii_dbsharing CREATE TABLE change (number bigint) CREATE TABLE schema_version (version integer NOT NULL);
            INSERT INTO koii_dbsharing.schema_version VALUES (2);
            """);
        await using var store = NewStore();

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>()
                .With.Message.Contains("version 0.1").And.Message.Contains("Drop the schema koii_dbsharing").And.Property("IsTransient").False);

        await Database.ExecuteAsync("DROP SCHEMA koii_dbsharing CASCADE");
        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Schema_is_created_by_all_scripts_or_by_none()
    {
        await Database.ExecuteAsync("CREATE SCHEMA koii_dbsharing CREATE TABLE removal (something_else integer)");
        await using var store = NewStore();

        Assert.That(async () => await store.PutAsync([Create()]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("removal"));

        Assert.That(await Database.QueryAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'koii_dbsharing'"), Is.EqualTo("1"));
        await Database.ExecuteAsync("DROP TABLE koii_dbsharing.removal");
        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task User_without_privileges_is_reported_and_one_that_owns_the_schema_needs_no_other()
    {
        var user = $"koii_{Guid.NewGuid():N}";
        await Database.ExecuteAsync($"CREATE ROLE {user} LOGIN PASSWORD '{user}'; REVOKE CREATE ON DATABASE {Name} FROM PUBLIC");
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Username = user, Password = user };
            await using var store = new PostgreSqlLinktreeStore(settings.ConnectionString, Options());
            Assert.That(
                async () => await store.PutAsync([Create()]),
                Throws.InstanceOf<LinktreeStoreException>()
                    .With.Message.Contains("lacks a privilege").And.Message.Contains("koii_dbsharing").And.Property("IsTransient").False);

            await Database.ExecuteAsync($"CREATE SCHEMA koii_dbsharing AUTHORIZATION {user}");
            Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        }
        finally
        {
            await Database.ExecuteAsync($"DROP OWNED BY {user} CASCADE; DROP ROLE {user}");
        }
    }

    [TestCase("Database=there_is_no_such_database", "does not exist", false)]
    [TestCase("Host=127.0.0.1;Port=1", "cannot be reached", true)]
    [TestCase("Host=no-such-host.invalid", "cannot be reached", true)]
    [TestCase("Host=/no/such/folder", "cannot be reached", true)]
    public async Task Database_that_cannot_be_reached_is_reported(string settings, string named, bool isTransient)
    {
        await using var store = NewStore(settings);

        Assert.That(
            async () => await store.ListAsync(new LinktreeQuery()),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains(named).And.Property("IsTransient").EqualTo(isTransient));
        await using var lease = new PostgreSqlReplicationLease($"{Database.ConnectionString};{settings}", Options());
        Assert.That(
            async () => await lease.TryAcquireAsync(),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains(named).And.Property("IsTransient").EqualTo(isTransient));
    }

    private string Name => new NpgsqlConnectionStringBuilder(Database.ConnectionString).Database!;

    private static async Task<string> ScriptsAsync()
    {
        var assembly = typeof(PostgreSqlLinktreeStore).Assembly;
        var sql = "CREATE SCHEMA koii_dbsharing; CREATE TABLE koii_dbsharing.schema_version AS SELECT 6 AS version;";
        var scripts = assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal));
        foreach (var name in scripts.Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            sql += await reader.ReadToEndAsync();
        }

        return sql;
    }
}
