using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>Backups of a file that is in use.</summary>
public sealed class SqliteBackupTests : SqliteFixture
{
    private string Target => File.PathTo("backup.db");

    [Test]
    public async Task Backup_is_one_file_that_a_store_opens_with_all_records_and_changes()
    {
        await using var store = NewStore();
        await store.PutAsync([.. Enumerable.Range(0, 1000).Select(i => Create(author: i, timestamp: i))]);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 10)).Next;

        await store.BackupAsync(Target);

        Assert.That(File.FileNames, Is.EquivalentTo(new[] { "linktrees.db", "linktrees.db-wal", "linktrees.db-shm", "backup.db" }));
        await using var restored = new SqliteLinktreeStore($"Data Source={Target}", Options());
        Assert.That((await restored.ListAsync(Everything)).Linktrees, Is.EqualTo((await store.ListAsync(Everything)).Linktrees));
        Assert.That((await restored.ReadChangesAsync(position, 1000)).Changes, Has.Count.EqualTo(990), "positions in the feed stay valid");
        Assert.That(await restored.PutAsync([Create(author: 2000)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Backup_is_one_state_while_a_store_writes()
    {
        await using var store = NewStore(Options(linktreesPerAuthor: 100));
        using var stop = new CancellationTokenSource();

        // Otherwise the writer would run the rest of the test.
        var firstBatch = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = Task.Run(async () =>
        {
            // Each batch has one record of each of a hundred authors.
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await store.PutAsync([.. Enumerable.Range(0, 100).Select(author => Create(author, $"u{i % 100}", i))]);
                firstBatch.TrySetResult();
            }
        });
        await firstBatch.Task;

        for (var i = 0; i < 5; i++)
        {
            await store.BackupAsync(Target, overwrite: true);
            await using var restored = new SqliteLinktreeStore($"Data Source={Target}", Options(linktreesPerAuthor: 100));
            var authors = (await restored.ListAsync(Everything with { Limit = int.MaxValue })).Linktrees.GroupBy(record => record.Author).ToArray();
            Assert.That(authors, Has.Length.EqualTo(100));
            Assert.That(
                authors.Select(author => author.Max(record => record.Timestamp)).Distinct(),
                Has.Exactly(1).Items,
                "a batch is in the backup wholly or not at all");
        }

        await stop.CancelAsync();
        await writing;
    }

    [Test]
    public async Task Backup_contains_all_tasks_of_the_file()
    {
        await using var store = NewStore();
        await using var other = NewStore(new DbSharingOptions { TaskId = "other" });
        await other.PutAsync([Create()]);

        await store.BackupAsync(Target);

        await using var restored = new SqliteLinktreeStore($"Data Source={Target}", new DbSharingOptions { TaskId = "other" });
        Assert.That((await restored.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Existing_file_is_replaced_only_if_overwriting_is_allowed()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        await System.IO.File.WriteAllTextAsync(Target, "precious");

        Assert.That(async () => await store.BackupAsync(Target), Throws.InstanceOf<IOException>().With.Message.Contains(Target));
        Assert.That(await System.IO.File.ReadAllTextAsync(Target), Is.EqualTo("precious"));
        await store.BackupAsync(Target, overwrite: true);

        await using var restored = new SqliteLinktreeStore($"Data Source={Target}", Options());
        Assert.That((await restored.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Path_of_a_database_in_use_is_rejected()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        await using var other = new SqliteLinktreeStore($"Data Source={Target}", Options());
        await other.PutAsync([Create()]);

        Assert.That(
            async () => await store.BackupAsync(File.Path, overwrite: true),
            Throws.ArgumentException.With.Message.Contains("the database itself"));
        Assert.That(async () => await store.BackupAsync(Target, overwrite: true), Throws.InstanceOf<IOException>().With.Message.Contains("-wal"));
        Assert.That(async () => await store.BackupAsync(" "), Throws.ArgumentException);
        Assert.That(File.FileNames, Has.None.EndsWith(".partial"));
    }

    [Test]
    public async Task Damaged_database_does_not_replace_the_last_backup()
    {
        await using (var store = NewStore())
        {
            await store.PutAsync([Create()]);
            await store.BackupAsync(Target);
        }

        var good = await System.IO.File.ReadAllBytesAsync(Target);
        await DamageAnIndexAsync();
        await using var damaged = NewStore();

        Assert.That(
            async () => await damaged.BackupAsync(Target, overwrite: true),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("damaged").And.Message.Contains("No backup was made"));
        Assert.That(await System.IO.File.ReadAllBytesAsync(Target), Is.EqualTo(good));
        Assert.That(File.FileNames, Has.None.EndsWith(".partial"));
    }

    [Test]
    public async Task Directory_that_does_not_exist_is_named()
    {
        await using var store = NewStore();
        var missing = File.PathTo("missing");

        Assert.That(
            async () => await store.BackupAsync(Path.Combine(missing, "backup.db")),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"the directory '{missing}' does not exist"));
    }

    [Test]
    public async Task Canceled_backup_leaves_no_file()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);

        Assert.That(
            async () => await store.BackupAsync(Target, cancellationToken: new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(
            () => OnlineBackup.Run(
                SqliteStoreSettings.From(File.ConnectionString, Options()), Target, overwrite: false, new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.FileNames, Is.EquivalentTo(new[] { "linktrees.db", "linktrees.db-wal", "linktrees.db-shm" }));
    }

    [Test]
    public async Task Closed_store_throws()
    {
        var store = NewStore();
        await store.DisposeAsync();

        Assert.That(async () => await store.BackupAsync(Target), Throws.InstanceOf<ObjectDisposedException>());
    }
}
