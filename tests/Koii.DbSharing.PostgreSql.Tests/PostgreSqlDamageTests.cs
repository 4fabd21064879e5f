using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>What the shared contract of damaged records does not contain: the columns of this store, and its log.</summary>
public sealed class PostgreSqlDamageTests : PostgreSqlFixture
{
    private readonly ListLogger _log = new();

    [TearDown]
    public void Clear_the_log() => _log.Lines.Clear();

    [TestCase("identity_hash")]
    [TestCase("id_prefix")]
    [TestCase("key_checksum")]
    [TestCase("size")]
    public async Task Columns_of_indexes_are_verified_too(string column)
    {
        await using var store = NewLoggedStore();
        SignedLinktree[] records = [Create(1), Create(2), Create(3)];
        await store.PutAsync(records);
        await Database.ExecuteAsync($"UPDATE koii_dbsharing.linktree SET {column} = {column} # 4 WHERE id = '\\x{records[1].Id}'");

        Assert.That(async () => await ListAsync(store), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);

        Assert.That(await ListAsync(store), Is.EquivalentTo(new[] { records[0], records[2] }));
        Assert.That(await store.PutAsync(records), Is.EqualTo(new[] { PutOutcome.Unchanged, PutOutcome.Inserted, PutOutcome.Unchanged }));
        Assert.That(await ListAsync(store), Is.EquivalentTo(records));
    }

    [Test]
    public async Task Damaged_row_is_kept_as_it_was_found_and_logged_once()
    {
        await using var store = NewLoggedStore();
        await store.PutAsync([Create(1, "mine"), Create(2)]);
        await Database.ExecuteAsync("UPDATE koii_dbsharing.linktree SET signature = set_byte(signature, 63, 255) WHERE uuid = 'mine'");

        await store.GetVersionsAsync([Create(1, "mine").Key]);

        var (level, _, text, _) = _log.Lines.Single();
        Assert.That(level, Is.EqualTo(LogLevel.Error));
        Assert.That(text, Does.Contain(Author(1).ToString()).And.Contain("'mine'").And.Contain("koii_dbsharing.damaged"));
        Assert.That(
            await Database.QueryAsync(
                "SELECT concat(get_byte(signature, 63), ' ', uuid = 'mine', ' ', data IS NOT NULL, ' ', at > 0) FROM koii_dbsharing.damaged"),
            Is.EqualTo("255 t t t"));
    }

    [Test]
    public async Task Record_with_another_signature_of_the_same_data_is_unchanged()
    {
        await using var store = NewLoggedStore();
        await store.PutAsync([Create(signature: 1), Create(author: 2)]);

        Assert.That(await store.PutAsync([Create(signature: 2), Create(author: 2)]), Has.All.EqualTo(PutOutcome.Unchanged));

        Assert.That(await ListAsync(store), Does.Contain(Create(signature: 1)));
        Assert.That(_log.Lines, Is.Empty);
    }

    [TestCase("timestamp = timestamp # 4")]
    [TestCase("tombstone = NOT tombstone")]
    [TestCase("author = set_byte(author, 31, 0)")]
    public async Task Damaged_removal_lets_readers_of_the_feed_start_again(string change)
    {
        await using var store = NewLoggedStore();
        await store.PutAsync([Create(), Create(author: 2)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([Create(timestamp: 2000)]);
        await Database.ExecuteAsync($"UPDATE koii_dbsharing.removal SET {change}");

        Assert.That(
            async () => await store.ReadChangesAsync(position, 10), Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);

        var page = await store.ReadChangesAsync(position, 10);
        Assert.That(page.IsTrimmed, Is.True);
        Assert.That((await store.ReadChangesAsync(page.Next, 10)).Changes, Has.Count.EqualTo(2));
        Assert.That(_log.Lines.Single().Level, Is.EqualTo(LogLevel.Error));
    }

    private PostgreSqlLinktreeStore NewLoggedStore() => new(Database.ConnectionString, Options(), logger: new Logger<PostgreSqlLinktreeStore>(_log));
}
