namespace Koii.DbSharing.Sqlite;

/// <summary>
/// What a store lets go of when it is opened: records that are further in the future than the clock allows and what authors have beyond a lowered limit (protocol §1), and
/// changes that are more or older than the feed keeps.
/// </summary>
internal static class OpeningTrim
{
    private const int RowsAtOnce = 512;

    internal static void Run(LinktreeConnection connection, TaskTransaction transaction, long task, int perAuthor, long latestTimestamp)
    {
        transaction.Begin();
        while (transaction.RowsAfter(latestTimestamp, RowsAtOnce) is { Count: > 0 } future)
        {
            foreach (var row in future)
                transaction.Evict(row);
        }

        if (transaction.PerAuthor > perAuthor)
        {
            foreach (var author in AuthorsBeyond(connection, task, perAuthor))
            {
                for (var rows = new AuthorRows(transaction, author); rows.Count > perAuthor;)
                    rows.EvictOldest();
            }
        }

        transaction.PerAuthor = perAuthor;
        transaction.TrimChanges();
        transaction.Commit();
    }

    private static List<PublicKey> AuthorsBeyond(LinktreeConnection connection, long task, int perAuthor)
    {
        var authors = new List<PublicKey>();
        var statement = connection.Prepare("SELECT author FROM linktree INDEXED BY linktree_by_key WHERE task = ?1 GROUP BY author HAVING count(*) > ?2");
        statement.Bind(1, task).Bind(2, perAuthor);
        while (statement.Step())
            authors.Add(new PublicKey(statement.GetBlob(0)));
        return authors;
    }
}
