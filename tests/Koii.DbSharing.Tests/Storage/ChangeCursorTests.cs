using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Tests.Storage;

public sealed class ChangeCursorTests
{
    private const string Feed = "feed";

    [Test]
    public void Start_is_before_all_changes_and_has_the_last_one_as_its_head() =>
        Assert.That(Parse(ChangePosition.Start, last: 7, trimmed: 5), Is.EqualTo((true, new ChangeCursor(0, 7))));

    [Test]
    public void Latest_is_after_the_last_change() =>
        Assert.That(Parse(ChangePosition.Latest, last: 7, trimmed: 5), Is.EqualTo((true, new ChangeCursor(7, 7))));

    [TestCase(0, 0)]
    [TestCase(0, 7)]
    [TestCase(3, 7)]
    [TestCase(7, 7)]
    [TestCase(long.MaxValue - 1, long.MaxValue)]
    public void Position_of_a_cursor_is_parsed(long read, long head)
    {
        var cursor = new ChangeCursor(read, head);

        Assert.That(Parse(cursor.ToPosition(Feed), last: long.MaxValue, trimmed: 0), Is.EqualTo((true, cursor)));
    }

    [Test]
    public void Positions_of_different_cursors_differ()
    {
        ChangeCursor[] cursors = [new(0, 0), new(0, 1), new(1, 1), new(1, 11), new(11, 11), new(0, 11)];

        Assert.That(cursors.Select(cursor => cursor.ToPosition(Feed)).Append(ChangePosition.Start).Append(ChangePosition.Latest), Is.Unique);
    }

    [TestCase("")]
    [TestCase("feed")]
    [TestCase("feed:")]
    [TestCase("feed::")]
    [TestCase("feed:1:")]
    [TestCase("feed::1")]
    [TestCase("feed:1:2:3")]
    [TestCase("feed: 1")]
    [TestCase("feed:1 ")]
    [TestCase("feed:+1")]
    [TestCase("feed:-1")]
    [TestCase("feed:-1:2")]
    [TestCase("feed:0x1")]
    [TestCase("feed:1,0")]
    [TestCase("feed:9223372036854775808")]
    [TestCase("feed:1:9223372036854775808")]
    [TestCase("Feed:1")]
    [TestCase("feed1")]
    [TestCase("feed2:1")]
    [TestCase("other:1")]
    [TestCase("1")]
    [TestCase("Latest")]
    [TestCase("feed:3:2", Description = "read is after the head")]
    [TestCase("feed:8", Description = "it is after the last change")]
    [TestCase("feed:1:8", Description = "its head is after the last change")]
    public void Position_that_is_not_of_the_feed_starts_again(string value) =>
        Assert.That(Parse(new ChangePosition(value), last: 7, trimmed: 0), Is.EqualTo((false, new ChangeCursor(0, 7))));

    [TestCase(4, 4, false)]
    [TestCase(5, 5, true)]
    [TestCase(0, 4, false)]
    [TestCase(0, 5, true)]
    public void Reader_has_missed_changes_if_a_removal_after_its_head_was_trimmed(long read, long head, bool isKept)
    {
        var cursor = new ChangeCursor(read, head);

        Assert.That(
            Parse(cursor.ToPosition(Feed), last: 7, trimmed: 5), Is.EqualTo((isKept, isKept ? cursor : new ChangeCursor(0, 7))));
    }

    [Test]
    public void Head_follows_the_reader_that_has_reached_it()
    {
        var cursor = new ChangeCursor(2, 5);

        Assert.That(cursor.AdvanceTo(4), Is.EqualTo(new ChangeCursor(4, 5)));
        Assert.That(cursor.AdvanceTo(5), Is.EqualTo(new ChangeCursor(5, 5)));
        Assert.That(cursor.AdvanceTo(6), Is.EqualTo(new ChangeCursor(6, 6)));
    }

    private static (bool IsKept, ChangeCursor Cursor) Parse(ChangePosition position, long last, long trimmed) =>
        (ChangeCursor.TryParse(position, Feed, last, trimmed, out var cursor), cursor);
}
