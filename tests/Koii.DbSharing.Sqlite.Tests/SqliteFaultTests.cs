using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using Microsoft.Data.Sqlite;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>
/// Faults below an open store: a clear error, no batch stored in part, and calls succeed again once the fault is gone.
/// </summary>
public sealed class SqliteFaultTests : SqliteFixture
{
    [Test]
    public async Task File_that_becomes_read_only_is_still_read_and_is_written_once_it_is_writable()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        store.Database!.Connection.Execute("PRAGMA query_only = ON");
        using (ReadOnlyFile.Make(File.Path))
        {
            for (var attempt = 0; attempt < 2; attempt++)
            {
                Assert.That(
                    async () => await store.PutAsync([Create(author: 2)]),
                    Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"'{File.Path}' is read-only"));
                Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(new[] { Create() }));
                Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
            }
        }

        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
        Assert.That((await store.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Read_only_file_stores_nothing_of_a_batch_and_is_written_again_once_it_is_writable()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        store.Database!.Connection.Execute("PRAGMA query_only = ON");

        Assert.That(
            async () => await store.PutAsync([Create(author: 2)]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("read-only").And.Property("IsTransient").False);
        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(new[] { Create() }));

        // The store has closed the connection that could not write, so the setting need not be undone.
        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Full_disk_stores_nothing_of_a_batch_and_is_written_again_once_there_is_space()
    {
        await using var store = NewStore(Options(linktreesPerAuthor: 1000));
        await store.PutAsync([Create()]);
        store.Database!.Connection.Execute("PRAGMA max_page_count = 40");
        SignedLinktree[] batch = [.. Enumerable.Range(0, 100).Select(i => Create(uuid: $"u{i}", name: new string('x', 5000)))];

        Assert.That(
            async () => await store.PutAsync(batch),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("full").And.Property("IsTransient").False);
        Assert.That((await store.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await store.ReadChangesAsync(ChangePosition.Start, 10)).Changes, Has.Count.EqualTo(1));
        store.Database!.Connection.Execute("PRAGMA max_page_count = 100000");

        Assert.That(await store.PutAsync(batch), Has.All.EqualTo(PutOutcome.Inserted));
    }

    [Test]
    public async Task File_locked_by_another_program_is_a_transient_failure_after_the_time_out()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString + ";Default Timeout=3", Options(), clock);
        await store.PutAsync([Create()]);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");

        var put = store.PutAsync([Create(author: 2)]).AsTask();
        await AdvanceAsync(clock, put, TimeSpan.FromMilliseconds(2999));
        Assert.That(put.IsCompleted, Is.False);
        await AdvanceAsync(clock, put, TimeSpan.FromMilliseconds(200));

        Assert.That(
            async () => await put,
            Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True
                .And.Message.Contains("busy").And.Message.Contains("3 seconds"));
        Execute(other, "ROLLBACK");
        Assert.That(await store.PutAsync([Create(author: 2)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Batch_that_waits_for_the_lock_of_another_program_is_stored_once_it_is_released()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");
        var put = store.PutAsync([Create(author: 2)]).AsTask();
        await AdvanceAsync(clock, put, TimeSpan.FromSeconds(5));

        Execute(other, "ROLLBACK");
        await AdvanceAsync(clock, put, TimeSpan.FromMilliseconds(100));

        Assert.That(await put, Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    [Test]
    public async Task Wait_for_the_lock_of_another_program_can_be_canceled()
    {
        var clock = new FakeClock();
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Options(), clock);
        await store.PutAsync([Create()]);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");
        using var source = new CancellationTokenSource();
        var put = store.PutAsync([Create(author: 2)], source.Token).AsTask();

        await source.CancelAsync();

        Assert.That(async () => await put, Throws.InstanceOf<OperationCanceledException>());
        Execute(other, "ROLLBACK");
        Assert.That((await store.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task File_locked_on_opening_is_a_transient_failure_and_the_next_call_opens_it()
    {
        await PutAndCloseAsync(Create());
        await using var store = new SqliteLinktreeStore(File.ConnectionString + ";Default Timeout=1", Options());
        using (var other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            Assert.That(
                async () => await store.ListAsync(Everything),
                Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True.And.Message.Contains("busy"));
        }

        Assert.That((await store.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Task_that_another_program_has_deleted_is_reported_with_the_path()
    {
        await using var store = NewStore();
        await store.PutAsync([Create()]);
        Execute("DELETE FROM task");

        AssertThrows(async () => await store.ReadChangesAsync(ChangePosition.Start, 10));
        AssertThrows(async () => await store.PutAsync([Create(author: 2)]));

        void AssertThrows(Func<Task> call) => Assert.That(
            call, Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"'{File.Path}' has lost the row of its task"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Corrupt_file_is_reported_and_read_again_once_it_is_repaired(bool isOpen)
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 500).Select(i => Create(author: i, timestamp: i))];
        await using (var writer = NewStore())
            await writer.PutAsync(records);
        var whole = await System.IO.File.ReadAllBytesAsync(File.Path);
        var pageSize = int.Parse(Query("PRAGMA page_size"), System.Globalization.CultureInfo.InvariantCulture);
        var broken = (byte[])whole.Clone();

        // All but the schema, the roots and small tables.
        broken.AsSpan(10 * pageSize).Fill(0x5A);
        await using var store = NewStore();
        if (isOpen)
            await store.GetAsync([]);
        await System.IO.File.WriteAllBytesAsync(File.Path, broken);

        AssertThrowsDamage(async () => await store.ListAsync(Everything));
        AssertThrowsDamage(async () => await store.PutAsync([.. Enumerable.Range(600, 500).Select(i => Create(author: i))]));
        AssertThrowsDamage(async () => await store.GetAsync([.. records.Select(record => record.Id)]));
        await System.IO.File.WriteAllBytesAsync(File.Path, whole);

        Assert.That((await store.ListAsync(Everything)).Linktrees, Is.EqualTo(records), "nothing was stored meanwhile");
        Assert.That(await store.PutAsync([Create(author: 600)]), Is.EqualTo(new[] { PutOutcome.Inserted }));
    }

    private void AssertThrowsDamage(Func<Task> call) => Assert.That(
        call,
        Throws.InstanceOf<LinktreeStoreException>()
            .With.Message.Contains("damaged").And.Message.Contains(File.Path).And.Property("IsTransient").False);

    /// <summary>
    /// Advances the clock in the steps of the store's delays, each time after the store has started one.
    /// </summary>
    private static async Task AdvanceAsync(FakeClock clock, Task call, TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(1);
        for (var passed = TimeSpan.Zero; passed < by && !call.IsCompleted; passed += step)
        {
            await Task.WhenAny(clock.WhenTimersAreSetAsync(delays => delays.Any(delay => delay < SqliteLinktreeStore.IdleTime / 2)), call);
            clock.Advance(step);
        }
    }
}
