using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Tests.Storage;

public sealed class ChangePageBuilderTests
{
    private const string Feed = "feed";

    private static readonly SignedLinktree Old = Create(timestamp: 1000);
    private static readonly SignedLinktree New = Create(timestamp: 2000);
    private static readonly SignedLinktree Other = Create(author: 2);

    [Test]
    public void Additions_and_removals_follow_what_was_read_and_what_the_reader_started_with()
    {
        var behind = new ChangePageBuilder(new ChangeCursor(2, 5), 3);
        var current = new ChangePageBuilder(new ChangeCursor(6, 6), 3);

        Assert.That((behind.Limit, behind.AdditionsAfter, behind.RemovalsAfter), Is.EqualTo((3, 2, 5)));
        Assert.That((current.AdditionsAfter, current.RemovalsAfter), Is.EqualTo((6, 6)));
    }

    [Test]
    public void Addition_alone_is_an_insertion_or_a_deletion()
    {
        var tombstone = Create(author: 3, deleted: true);
        var builder = new ChangePageBuilder(new ChangeCursor(0, 2), 10);
        Add(builder, 1, Old);
        Add(builder, 2, tombstone);

        Assert.That(builder.ToPage(Feed, 2).Changes, Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Inserted, Old.Key, Old.Version, null),
            new(LinktreeChangeKind.Deleted, tombstone.Key, tombstone.Version, null),
        }));
    }

    [Test]
    public void Addition_and_removal_of_one_number_are_a_replacement_or_a_deletion()
    {
        var tombstone = Create(timestamp: 3000, deleted: true);
        var builder = new ChangePageBuilder(new ChangeCursor(1, 1), 10);
        Add(builder, 2, New);
        Add(builder, 3, tombstone);
        Remove(builder, 2, Old);
        Remove(builder, 3, New);

        Assert.That(builder.ToPage(Feed, 3).Changes, Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Replaced, Old.Key, New.Version, Old.Version),
            new(LinktreeChangeKind.Deleted, Old.Key, tombstone.Version, New.Version),
        }));
    }

    [Test]
    public void Removal_alone_is_an_eviction()
    {
        var builder = new ChangePageBuilder(new ChangeCursor(1, 1), 10);
        Add(builder, 3, Other);
        Remove(builder, 2, Old);

        Assert.That(builder.ToPage(Feed, 3).Changes, Is.EqualTo(new LinktreeChange[]
        {
            new(LinktreeChangeKind.Evicted, Old.Key, null, Old.Version),
            new(LinktreeChangeKind.Inserted, Other.Key, Other.Version, null),
        }));
    }

    [Test]
    public void Order_of_the_calls_does_not_matter()
    {
        var random = new Random(1);
        for (var i = 0; i < 50; i++)
        {
            var builder = new ChangePageBuilder(new ChangeCursor(0, 1), 10);
            Action[] calls =
            [
                () => Add(builder, 1, Old), () => Add(builder, 2, New), () => Remove(builder, 2, Old),
                () => Remove(builder, 3, New), () => Add(builder, 4, Other),
            ];
            random.Shuffle(calls);
            foreach (var call in calls)
                call();

            Assert.That(
                builder.ToPage(Feed, 4).Changes.Select(change => (change.Added, change.Removed)),
                Is.EqualTo(new (LinktreeVersion?, LinktreeVersion?)[]
                {
                    (Old.Version, null), (New.Version, Old.Version), (null, New.Version), (Other.Version, null),
                }));
        }
    }

    [TestCase(1, 1, "feed:1:3")]
    [TestCase(2, 2, "feed:4")]
    [TestCase(3, 3, "feed:5")]
    [TestCase(4, 4, "feed:6")]
    [TestCase(5, 4, "feed:9")]
    public void Page_ends_after_a_change_that_fills_it_or_after_the_last_one(int limit, int count, string next)
    {
        var builder = new ChangePageBuilder(new ChangeCursor(0, 3), limit);
        Add(builder, 1, Old);
        Add(builder, 4, New);
        Remove(builder, 4, Old);
        Remove(builder, 5, New);
        Add(builder, 6, Other);

        var page = builder.ToPage(Feed, 9);

        Assert.That((page.Changes.Count, page.Next.Value, page.IsTrimmed), Is.EqualTo((count, next, false)));
    }

    [Test]
    public void Page_without_changes_ends_after_the_last_one()
    {
        var page = new ChangePageBuilder(new ChangeCursor(2, 3), 1).ToPage(Feed, 9);

        Assert.That((page.Changes.Count, page.Next.Value), Is.EqualTo((0, "feed:9")));
    }

    private static void Add(ChangePageBuilder builder, long number, SignedLinktree linktree) =>
        builder.AddAddition(number, linktree.Key, linktree.Version, linktree.IsTombstone);

    private static void Remove(ChangePageBuilder builder, long number, SignedLinktree linktree) =>
        builder.AddRemoval(number, linktree.Key, linktree.Version);
}
