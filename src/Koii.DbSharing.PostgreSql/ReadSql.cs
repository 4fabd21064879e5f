namespace Koii.DbSharing.PostgreSql;

/// <summary>The statements that read. The first parameter is the task's number.</summary>
internal static class ReadSql
{
    // A look of its own for each key, which a join could be planned to do without: over a table that nobody has analysed yet, it may read all rows of the task for each key.
    internal const string Versions =
        """
        SELECT key.place, held.timestamp, held.id
        FROM unnest($2::bytea[], $3::bytea[], $4::integer[]) AS key (author, uuid, place)
        CROSS JOIN LATERAL (
            SELECT l.timestamp, l.id FROM koii_dbsharing.linktree l WHERE l.task = $1 AND l.author = key.author AND l.uuid = key.uuid LIMIT 1
        ) held
        """;

    internal const string ById =
        """
        SELECT held.author, held.signature, held.data, held.timestamp, held.id
        FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (id, place)
        CROSS JOIN LATERAL (
            SELECT l.author, l.signature, l.data, l.timestamp, l.id FROM koii_dbsharing.linktree l
            WHERE l.task = $1 AND substring(l.id FROM 1 FOR 8) = substring(wanted.id FROM 1 FOR 8) AND l.id = wanted.id LIMIT 1
        ) held
        ORDER BY wanted.place
        """;

    internal const string List = ListStart + ListEnd;

    internal const string ListOfAuthor = ListStart + " AND author = $7" + ListEnd;

    internal const string Changes =
        """
        SELECT t.changes, t.trimmed, c.kind, c.author, c.uuid, c.added_timestamp, c.added_id, c.removed_timestamp, c.removed_id
        FROM koii_dbsharing.task t
        LEFT JOIN LATERAL (
            SELECT * FROM koii_dbsharing.change
            WHERE task = $1 AND number > $2 AND $2 BETWEEN t.trimmed AND t.changes
            ORDER BY number LIMIT $3
        ) c ON true
        WHERE t.task = $1
        """;

    // Of one row more than the page may have, those are sent that fit its size; whether the last of them is followed by another tells whether there is a next page.
    private const string ListStart =
        """
        SELECT author, signature, data, timestamp, id, is_followed
        FROM (
            SELECT *,
                sum(octet_length(data)) OVER (ORDER BY timestamp, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before,
                lead(true, 1, false) OVER (ORDER BY timestamp, id) AS is_followed
            FROM (
                SELECT author, signature, data, timestamp, id FROM koii_dbsharing.linktree
                WHERE task = $1 AND (timestamp, id) > ($2, $3) AND (NOT tombstone OR $4)
        """;

    private const string ListEnd =
        """

                ORDER BY timestamp, id LIMIT $5 + 1
            ) listed
        ) page
        WHERE bytes_before IS NULL OR bytes_before < $6
        ORDER BY timestamp, id LIMIT $5
        """;
}
