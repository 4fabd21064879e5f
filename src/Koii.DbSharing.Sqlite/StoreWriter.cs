using Koii.DbSharing.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Decides the outcome of each record of a batch (protocol §1), and what is withheld, dropped or moved. Each method commits the
/// transaction that was begun.
/// </summary>
internal sealed partial class StoreWriter(TaskTransaction transaction, SqliteStoreSettings settings, ILogger logger)
{
    private const int RowsPerStep = 512;

    /// <summary>How many withheld records one transaction moves back, so that other calls do not wait long.</summary>
    private const int StepsPerTransaction = 8;

    /// <summary>
    /// Begins the transaction of a batch; returns <see langword="false"/> while another connection writes.
    /// </summary>
    internal bool TryBegin() => transaction.TryBegin();

    /// <summary>Writes a batch.</summary>
    internal PutOutcome[] Put(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken) => Run(() =>
    {
        if (transaction.LinktreesPerAuthor < settings.LinktreesPerAuthor)
            transaction.LinktreesPerAuthor = settings.LinktreesPerAuthor;
        if (transaction.IsRecordDue)
            MoveDueRecords();

        // Valid for this transaction only: another process may change the rows of these authors once it has ended.
        var authors = new Dictionary<PublicKey, AuthorRows>();
        var outcomes = new PutOutcome[linktrees.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            outcomes[i] = Put(linktrees[i], authors, transaction.Size);
        }

        transaction.Commit();
        return outcomes;
    });

    /// <summary>
    /// Begins a transaction, withholds the records that are too far in the future, and drops the records of authors beyond a
    /// lowered limit.
    /// </summary>
    internal void Trim()
    {
        transaction.Begin();
        var withheld = Run(() =>
        {
            var count = transaction.Withheld.Withhold(transaction.LatestTimestamp);
            if (count > 0 || transaction.HasWithheldRecords)
            {
                // Alone, what was stored keeps to the limits already.
                if (transaction.HasWithheldRecords || transaction.LinktreesPerAuthor > settings.LinktreesPerAuthor)
                    transaction.Withheld.Trim(settings.LinktreesPerAuthor);
                transaction.CountAgain();
                transaction.UpdateNextDue();
            }

            if (count > 0)
                transaction.RestartFeed();
            if (transaction.LinktreesPerAuthor > settings.LinktreesPerAuthor)
            {
                foreach (var author in transaction.AuthorsWithMoreThan(settings.LinktreesPerAuthor))
                    EvictBeyondLimit(new AuthorRows(transaction, author));
            }

            transaction.LinktreesPerAuthor = settings.LinktreesPerAuthor;
            transaction.Commit();
            return count;
        });
        if (withheld > 0)
            Log.RecordsWithheld(logger, withheld, settings.Path, settings.MaxClockSkew);
    }

    /// <summary>Moves withheld records back that are due, up to a few thousand.</summary>
    internal bool MoveDue() => Run(() =>
    {
        MoveDueRecords();
        transaction.Commit();
        return transaction.IsRecordDue;
    });

    /// <summary>
    /// Moves rows that a read has found damaged; returns how many were, and whether indexes were built again because others were
    /// not.
    /// </summary>
    internal (int Moved, bool AreIndexesRebuilt) MoveDamaged(IReadOnlyList<long> rows) => Run(() =>
    {
        var moved = transaction.MoveDamaged(rows);
        transaction.Commit();
        return (moved, transaction.Damaged.AreIndexesRebuilt);
    });

    /// <summary>Moves the older versions of an identity that has several rows; returns how many there were.</summary>
    internal int MoveOlderVersions(LinktreeKey key) => Run(() =>
    {
        var moved = transaction.MoveOlderVersions(key);
        transaction.Commit();
        return moved;
    });

    /// <summary>Builds all indexes again and counts the records.</summary>
    internal bool RebuildIndexes() => Run(() =>
    {
        transaction.Damaged.RebuildIndexes();
        transaction.CountAgain();
        transaction.Commit();
        return true;
    });

    /// <summary>Deletes data whose row was lost; it belongs to no record.</summary>
    internal int DeleteDataWithoutRecord() => Run(() =>
    {
        var deleted = transaction.DeleteDataWithoutRecord();
        transaction.Commit();
        return deleted;
    });

    /// <summary>Counts the records.</summary>
    internal bool CountRecords() => Run(() =>
    {
        transaction.CountAgain();
        transaction.Commit();
        return true;
    });

    /// <summary>
    /// Writes, and logs what was found damaged. If an index does not have the row that is written, all indexes are built again and
    /// the write is repeated.
    /// </summary>
    private T Run<T>(Func<T> write)
    {
        T result;
        try
        {
            result = write();
        }
        catch (SqliteException damage) when (damage.SqliteErrorCode == raw.SQLITE_CORRUPT && !transaction.Damaged.AreIndexesRebuilt)
        {
            if (!transaction.TryBeginAgain())
                throw;
            transaction.Damaged.RebuildIndexes();
            result = write();
        }

        transaction.Damaged.LogFound(logger, settings.Path);
        return result;
    }

    private void MoveDueRecords()
    {
        var moved = 0;
        for (var step = 0; step < StepsPerTransaction; step++)
        {
            var due = transaction.Withheld.ReadDue(transaction.LatestTimestamp, RowsPerStep);
            var authors = new Dictionary<PublicKey, AuthorRows>();
            foreach (var (row, size, linktree) in due)
            {
                var before = transaction.Size;
                if (linktree is null)
                {
                    transaction.MoveDamagedWithheld(row);
                    continue;
                }

                // As a record that arrives; it has room, because it was counted already.
                transaction.DeleteWithheld(row, size);
                Put(linktree, authors, before);
            }

            moved += due.Count;
            if (due.Count < RowsPerStep)
                break;
        }

        transaction.UpdateNextDue();
        if (moved > 0)
            Log.RecordsDue(logger, moved, settings.Path);
    }

    /// <summary>
    /// Puts a record into a store that had a size before, from which on it must not grow beyond its bounds.
    /// </summary>
    private PutOutcome Put(SignedLinktree linktree, Dictionary<PublicKey, AuthorRows> authors, StoreSize before)
    {
        var isStored = transaction.TryFind(linktree.Key, out var stored);
        if (isStored && stored.Version.Id == linktree.Id)
            return PutOutcome.Unchanged;
        if (isStored && stored.Version > linktree.Version)
            return PutOutcome.Superseded;

        var author = isStored ? authors.GetValueOrDefault(linktree.Author) : GetAuthor(linktree.Author, authors);

        // A store of another process may have had a higher limit.
        var excess = isStored ? 0 : EvictBeyondLimit(author!);
        var after = (isStored ? transaction.Size.Without(stored.Size) : transaction.Size).With(linktree.Data.Length);
        if (excess > 0 || !settings.Bounds.Allow(before, after, isStored))
        {
            author ??= GetAuthor(linktree.Author, authors);
            if (FindRoom(linktree, isStored ? stored : null, author, excess, before, after, out var evicted) is { } refusal)
                return refusal;
            foreach (var row in evicted)
                author.Evict(row);
        }

        if (!isStored)
        {
            author!.Add(transaction.Insert(linktree));
            return PutOutcome.Inserted;
        }

        var replaced = transaction.Replace(stored, linktree);
        author?.Replace(stored, replaced);
        return PutOutcome.Replaced;
    }

    private AuthorRows GetAuthor(PublicKey key, Dictionary<PublicKey, AuthorRows> authors)
    {
        if (!authors.TryGetValue(key, out var author))
            authors.Add(key, author = new AuthorRows(transaction, key));
        return author;
    }

    /// <summary>Evicts the records of an author beyond the limit; returns by how many one more record exceeds it.</summary>
    private int EvictBeyondLimit(AuthorRows author)
    {
        if (author.ExcessOver(settings.LinktreesPerAuthor) is > 0 and var excess)
        {
            foreach (var oldest in author.Ascending.Take(excess).ToList())
                author.Evict(oldest);
        }

        return author.ExcessOver(settings.LinktreesPerAuthor - 1);
    }

    /// <summary>Finds the oldest records of an author that are evicted for a record, or the outcome if there are too few.</summary>
    private PutOutcome? FindRoom(
        SignedLinktree linktree, LinktreeRow? stored, AuthorRows author, int excess, StoreSize before, StoreSize after, out List<LinktreeRow> evicted)
    {
        evicted = [];
        var isHeld = stored is not null || (transaction.HasWithheldRecords && transaction.Withheld.Contains(linktree.Key));
        if (excess == 0 && settings.Bounds.Allow(before, after, isHeld))
            return null;

        foreach (var row in author.Ascending)
        {
            if (row.Row == stored?.Row)
                continue;
            if (row.Version > linktree.Version)
                return evicted.Count < excess ? PutOutcome.Superseded : PutOutcome.Full;
            evicted.Add(row);
            after = after.Without(row.Size);
            if (evicted.Count >= excess && settings.Bounds.Allow(before, after, isHeld))
                return null;
        }

        return PutOutcome.Full;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1300,
            LogLevel.Warning,
            "{Count} records of the database '{Path}' are more than {MaxClockSkew} in the future and are withheld until they are due. "
            + "Check the clock of this machine.",
            EventName = nameof(RecordsWithheld))]
        public static partial void RecordsWithheld(ILogger logger, long count, string path, TimeSpan maxClockSkew);

        [LoggerMessage(
            1303, LogLevel.Information, "{Count} withheld records of the database '{Path}' are due and are served.", EventName = nameof(RecordsDue))]
        public static partial void RecordsDue(ILogger logger, int count, string path);
    }
}
