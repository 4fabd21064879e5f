namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>The order and the end of a page whose rows the index does not order completely.</summary>
public sealed class ListedRowsTests
{
    [Test]
    public void Rows_with_equal_times_and_equal_first_bytes_of_their_ids_are_ordered_by_their_whole_ids()
    {
        var rows = Add(limit: 10, Row(1, 7, 3), Row(1, 7, 1), Row(1, 7, 2), Row(2, 7, 0));

        Assert.That(LastBytes(rows, rows.Count), Is.EqualTo(new[] { 1, 2, 3, 0 }));
    }

    [Test]
    public void Page_that_ends_among_such_rows_has_the_lowest_of_them()
    {
        var rows = Add(limit: 2, Row(1, 6, 9), Row(1, 7, 3), Row(1, 7, 1), Row(1, 7, 2), Row(2, 7, 0), Row(3, 7, 0));

        Assert.That(rows.IsComplete, Is.True);
        Assert.That(LastBytes(rows, rows.CountOfPage), Is.EqualTo(new[] { 9, 1 }));
        Assert.That(rows.Count, Is.EqualTo(5), "the rows of the same time and bytes, and the next one");
    }

    [Test]
    public void Page_ends_with_the_row_that_takes_its_data_to_the_maximum()
    {
        var rows = Add(limit: 10, Row(1, 0, 0, size: LinktreePage.MaxBytes - 1), Row(2, 0, 0, size: 1), Row(3, 0, 0), Row(4, 0, 0));

        Assert.That((rows.CountOfPage, rows.Count), Is.EqualTo((2, 3)));
    }

    [Test]
    public void List_that_ends_with_the_page_has_no_further_row()
    {
        var rows = Add(limit: 2, Row(1, 0, 0), Row(2, 0, 0));

        Assert.That((rows.IsComplete, rows.CountOfPage, rows.Count), Is.EqualTo((false, 2, 2)));
    }

    private static ListedRows Add(int limit, params IEnumerable<ListedRow> ofIndex)
    {
        var rows = new ListedRows(limit);
        foreach (var row in ofIndex)
        {
            if (!rows.IsComplete)
                rows.Add(row);
        }

        return rows;
    }

    private static ListedRow Row(long timestamp, byte first, byte last, int size = 1)
    {
        var id = new byte[LinktreeId.Size];
        (id[0], id[^1]) = (first, last);
        return new ListedRow(0, new LinktreeVersion(timestamp, new LinktreeId(id)), default, default, size);
    }

    private static IEnumerable<int> LastBytes(ListedRows rows, int count) => Enumerable.Range(0, count).Select(i => (int)rows[i].Version.Id.AsSpan()[^1]);
}
