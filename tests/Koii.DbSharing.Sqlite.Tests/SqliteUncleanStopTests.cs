using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>What is looked at when a file is opened that was not closed. A copy of the files that are open is what a power cut leaves.</summary>
public sealed class SqliteUncleanStopTests : SqliteFixture
{
    [Test]
    public async Task Whole_file_is_opened_with_all_that_was_acknowledged()
    {
        await using var store = NewStore();
        await store.PutAsync([.. Enumerable.Range(0, 100).Select(i => Create(author: i, timestamp: i))]);
        using var left = LeftBehind();

        await using var restarted = new SqliteLinktreeStore(left.ConnectionString, Options());

        Assert.That((await restarted.ListAsync(Everything)).Linktrees, Is.EqualTo((await store.ListAsync(Everything)).Linktrees));
    }

    [Test]
    public async Task Damaged_file_is_refused_until_it_is_mended()
    {
        await DamageAnIndexAsync();
        await using var store = NewStore();
        await store.PutAsync([Create(author: 2)]);
        using var left = LeftBehind();
        await using var restarted = new SqliteLinktreeStore(left.ConnectionString, Options());

        Assert.That(
            async () => await restarted.ListAsync(Everything),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("not closed properly").And.Message.Contains("linktree_by_id").And.Property("IsTransient").False);
        Assert.That(async () => await restarted.PutAsync([Create(author: 3)]), Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains("linktree_by_id"), "the first look has not made it good");
        using (var mending = Connect(left))
            Execute(mending, "REINDEX");

        Assert.That((await restarted.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task File_that_was_closed_or_is_open_elsewhere_is_not_looked_through()
    {
        await DamageAnIndexAsync();
        await using var first = NewStore();
        Assert.That((await first.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(1), "it was closed");
        await first.PutAsync([Create(author: 2)]);
        await using var second = NewStore();

        Assert.That((await second.ListAsync(Everything)).Linktrees, Has.Count.EqualTo(2), "the log belongs to a store that is open");
    }

    [Test]
    public async Task Looking_through_a_file_ends_with_the_token()
    {
        await using (var store = NewStore())
            await store.PutAsync([.. Enumerable.Range(0, 1000).Select(i => Create(author: i))]);
        using var connection = Connect();

        Assert.That(() => IntegrityCheck.FindProblem(connection, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(IntegrityCheck.FindProblem(connection, CancellationToken.None), Is.Null);
    }

    private SqliteFile LeftBehind()
    {
        var left = new SqliteFile();
        foreach (var suffix in new[] { "", "-wal" })
            System.IO.File.Copy(File.Path + suffix, left.Path + suffix);
        return left;
    }
}
