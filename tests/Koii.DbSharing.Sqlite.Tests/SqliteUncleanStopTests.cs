using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>
/// The check of a file that was not closed. A copy of the files of an open store is what a power failure leaves.
/// </summary>
public sealed class SqliteUncleanStopTests : SqliteFixture
{
    [Test]
    public async Task Intact_file_is_opened_with_all_acknowledged_records()
    {
        await using var store = NewStore();
        await store.PutAsync([.. Enumerable.Range(0, 100).Select(i => Create(author: i, timestamp: i))]);
        using var copy = CopyOpenFiles();

        await using var restarted = new SqliteLinktreeStore(copy.ConnectionString, Options());

        Assert.That((await restarted.ListAsync(Everything)).Linktrees, Is.EqualTo((await store.ListAsync(Everything)).Linktrees));
    }

    [Test]
    public async Task Damaged_file_is_rejected_until_it_is_repaired()
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 500).Select(i => Create(author: i, timestamp: i))];
        await using (var writer = NewStore())
            await writer.PutAsync(records);
        await using var store = NewStore();
        await store.PutAsync([Create(author: 500, timestamp: 500)]);
        using var copy = CopyOpenFiles();
        var whole = await System.IO.File.ReadAllBytesAsync(copy.Path);
        var broken = (byte[])whole.Clone();
        broken.AsSpan(10 * 8192).Fill(0x5A);
        await System.IO.File.WriteAllBytesAsync(copy.Path, broken);
        await using var restarted = new SqliteLinktreeStore(copy.ConnectionString, Options());

        Assert.That(
            async () => await restarted.ListAsync(Everything),
            Throws.InstanceOf<LinktreeStoreException>()
                .With.Message.Contains("not closed properly").And.Message.Contains(copy.Path).And.Property("IsTransient").False);
        Assert.That(
            async () => await restarted.PutAsync([Create(author: 3)]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("not closed properly"),
            "the first check has not moved the log");
        await System.IO.File.WriteAllBytesAsync(copy.Path, whole);

        Assert.That((await restarted.ListAsync(Everything)).Linktrees, Is.EqualTo(records.Append(Create(author: 500, timestamp: 500))));
    }

    [TestCase("UPDATE linktree SET author = (SELECT author FROM linktree LIMIT 1), uuid_hash = (SELECT uuid_hash FROM linktree LIMIT 1)", "an identity is stored twice")]
    [TestCase("DELETE FROM linktree_data WHERE row = (SELECT max(row) FROM linktree)", "a record has no data")]
    [TestCase("INSERT INTO linktree_data VALUES (1, x'7B7D')", "data belongs to no record")]
    [TestCase("UPDATE task SET records = records + 1", "a task counts other records than it has")]
    public async Task Check_finds_what_no_index_guarantees(string damage, string problem)
    {
        await PutAndCloseAsync(Create(author: 1));
        await PutAndCloseAsync(Create(author: 2));
        using var connection = Connect();
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);

        Execute(connection, damage);

        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.EqualTo(problem));
    }

    [Test]
    public async Task Canceled_check_throws()
    {
        await using (var store = NewStore())
            await store.PutAsync([.. Enumerable.Range(0, 1000).Select(i => Create(author: i))]);
        using var connection = Connect();

        Assert.That(
            () => IntegrityCheck.FindProblem(connection, new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);
    }

    private SqliteFile CopyOpenFiles()
    {
        var copy = new SqliteFile();
        foreach (var suffix in new[] { "", "-wal" })
            System.IO.File.Copy(File.Path + suffix, copy.Path + suffix);
        return copy;
    }
}
