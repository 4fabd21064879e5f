using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>
/// Files that are deleted, moved or replaced below an open store: nothing is acknowledged that the file at the store's path
/// does not contain, and the next call opens that file.
/// </summary>
[Platform(Exclude = "Win", Reason = "Windows does not move or delete a file that is open.")]
public sealed class SqliteMovedFileTests : SqliteFixture
{
    [Test]
    public async Task Put_after_the_files_were_deleted_fails_and_the_next_one_is_stored_in_a_new_file()
    {
        await using (var store = NewStore())
        {
            await store.PutAsync([Create()]);
            DeleteFiles("", "-wal", "-shm");

            AssertThrowsMoved(async () => await store.PutAsync([Create(author: 2)]));
            Assert.That(File.FileNames, Is.Empty, "the failed put has not created a file");
            Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        }

        await using var reopened = NewStore();
        Assert.That((await reopened.ListAsync(Everything)).Linktrees, Is.EqualTo(new[] { Create(author: 2) }));
    }

    [TestCase("")]
    [TestCase("-wal")]
    [TestCase("-shm")]
    public async Task Put_after_one_of_the_files_was_deleted_fails_and_the_next_one_is_stored(string suffix)
    {
        await using (var store = NewStore())
        {
            await store.PutAsync([Create()]);
            DeleteFiles(suffix);

            AssertThrowsMoved(async () => await store.PutAsync([Create(author: 2)]));
            Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        }

        await using var reopened = NewStore();
        SignedLinktree[] stored = suffix.Length == 0 ? [Create(author: 2)] : [Create(), Create(author: 2)];
        Assert.That((await reopened.ListAsync(Everything)).Linktrees, Is.EquivalentTo(stored), "only the database itself is lost");
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Read_after_the_database_was_deleted_fails_without_creating_one(bool hasReader)
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        if (hasReader)
            await store.ListAsync(Everything);
        DeleteFiles("");

        AssertThrowsMoved(async () => await store.ListAsync(Everything));
        Assert.That(File.FileNames, Has.None.EqualTo("linktrees.db"));

        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.Empty);
        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Reads_at_the_same_time_after_the_database_was_deleted_fail_with_its_path_or_read_the_new_file()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        DeleteFiles("");

        var lists = Enumerable.Range(0, 30).Select(_ => Task.Run(async () => await store.ListAsync(Everything))).ToArray();

        var failures = new List<Exception>();
        foreach (var list in lists)
        {
            try
            {
                Assert.That((await list).Linktrees, Is.Empty);
            }
            catch (LinktreeStoreException failure)
            {
                failures.Add(failure);
            }
        }

        Assert.That(failures.Select(failure => failure.Message), Is.Not.Empty.And.All.Contains(File.Path));
        Assert.That(await store.PutAsync([Create()]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Database_that_replaces_an_open_one_is_read_and_written_from_the_next_call_on(bool readsFirst)
    {
        var replacement = File.PathTo("replacement.db");
        SignedLinktree[] restored = [.. Enumerable.Range(0, 200).Select(i => Create(author: 100 + i, timestamp: i))];
        await using (var other = new SqliteLinktreeStore($"Data Source={replacement}", Options()))
            await other.PutAsync(restored);
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        var old = File.PathTo("old.db");
        System.IO.File.Move(File.Path, old);
        System.IO.File.Move(replacement, File.Path);

        if (readsFirst)
            AssertThrowsMoved(async () => await store.ListAsync(Everything));
        else
            AssertThrowsMoved(async () => await store.PutAsync([Create(author: 2)]));

        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(restored));
        Assert.That(await store.PutAsync([Create(author: 3)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That(Query("PRAGMA integrity_check"), Is.EqualTo("ok"), "the log of the old file was not replayed into the new one");
        await using var aside = new SqliteLinktreeStore($"Data Source={old}", Options());
        Assert.That((await aside.ListAsync(Everything)).Linktrees, Is.EqualTo(new[] { Create() }), "the old file has all that was acknowledged");
    }

    [Test]
    public async Task Backup_after_the_database_was_deleted_fails()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        DeleteFiles("");

        AssertThrowsMoved(() => store.BackupAsync(File.PathTo("backup.db")));
        Assert.That(File.FileNames, Has.None.EqualTo("linktrees.db").And.None.StartsWith("backup"));
    }

    [Test]
    public async Task Store_of_a_deleted_database_is_closed_without_an_error()
    {
        var store = NewStore();
        await store.PutAsync([Create()]);
        DeleteFiles("", "-wal", "-shm");

        await store.DisposeAsync();

        Assert.That(File.FileNames, Is.Empty);
    }

    private void DeleteFiles(params string[] suffixes)
    {
        foreach (var suffix in suffixes)
            System.IO.File.Delete(File.Path + suffix);
    }

    private void AssertThrowsMoved(Func<Task> call) => Assert.That(
        call,
        Throws.InstanceOf<LinktreeStoreException>()
            .With.Message.Contains(File.Path).And.Message.Contains("moved").And.Property("IsTransient").True);
}
