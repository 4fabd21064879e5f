using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Sqlite;

/// <summary>
/// Decides the outcome of each record of a batch (protocol §1), and what is dropped when a store is opened.
/// </summary>
internal sealed class StoreWriter(TaskTransaction transaction, SqliteStoreSettings settings, ILogger logger)
{
    private const int RowsPerStep = 512;

    private readonly ILogger _logger = logger;

    /// <summary>
    /// Begins the transaction of a batch; returns <see langword="false"/> while another connection writes.
    /// </summary>
    internal bool TryBegin() => transaction.TryBegin();

    /// <summary>Writes a batch in the transaction that was begun, and commits it.</summary>
    internal PutOutcome[] Put(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
    {
        if (transaction.LinktreesPerAuthor < settings.LinktreesPerAuthor)
            transaction.LinktreesPerAuthor = settings.LinktreesPerAuthor;

        // Valid for this transaction only: another process may change the rows of these authors once it has ended.
        var authors = new Dictionary<PublicKey, AuthorRows>();
        var outcomes = new PutOutcome[linktrees.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            outcomes[i] = Put(linktrees[i], authors);
        }

        transaction.Commit();
        return outcomes;
    }

    /// <summary>
    /// Drops the records that are newer than <paramref name="latestTimestamp"/>, and the records of authors beyond a
    /// lowered limit.
    /// </summary>
    internal void Trim(long latestTimestamp)
    {
        transaction.Begin();
        while (transaction.RowsAfter(latestTimestamp, RowsPerStep) is { Count: > 0 } rows)
        {
            foreach (var row in rows)
                transaction.Evict(row);
        }

        if (transaction.LinktreesPerAuthor > settings.LinktreesPerAuthor)
        {
            foreach (var author in transaction.AuthorsWithMoreThan(settings.LinktreesPerAuthor))
            {
                for (var rows = new AuthorRows(transaction, author); !rows.HasAtMost(settings.LinktreesPerAuthor);)
                    rows.EvictOldest();
            }
        }

        transaction.LinktreesPerAuthor = settings.LinktreesPerAuthor;
        transaction.Commit();
    }

    private PutOutcome Put(SignedLinktree linktree, Dictionary<PublicKey, AuthorRows> authors)
    {
        if (transaction.TryFind(linktree.Key, out var stored))
        {
            if (stored.Version.Id == linktree.Id)
                return PutOutcome.Unchanged;
            if (stored.Version > linktree.Version)
                return PutOutcome.Superseded;

            var row = transaction.Replace(stored, linktree);
            if (authors.TryGetValue(linktree.Author, out var rows))
                rows.Replace(stored, row);
            return PutOutcome.Replaced;
        }

        if (!authors.TryGetValue(linktree.Author, out var author))
            authors.Add(linktree.Author, author = new AuthorRows(transaction, linktree.Author));
        if (transaction.Records >= settings.MaxRecords && author.IsEmpty)
            return PutOutcome.Full;

        // A store of another process may have had a higher limit.
        while (!author.HasAtMost(settings.LinktreesPerAuthor))
            author.EvictOldest();
        if (!author.HasAtMost(settings.LinktreesPerAuthor - 1))
        {
            if (author.Oldest.Version > linktree.Version)
                return PutOutcome.Superseded;
            author.EvictOldest();
        }

        author.Add(transaction.Insert(linktree));
        return PutOutcome.Inserted;
    }

    /// <summary>
    /// The rows of one author during one transaction: an upper bound of their number, and the rows once they are needed.
    /// They are read at most once in a transaction, so an author with very many records costs a batch no more than one
    /// pass over them.
    /// </summary>
    private sealed class AuthorRows(TaskTransaction transaction, PublicKey author)
    {
        private int _atMost = transaction.CountWithPrefixOf(author);
        private SortedDictionary<LinktreeVersion, LinktreeRow>? _rows;

        internal bool IsEmpty => HasAtMost(0);

        internal LinktreeRow Oldest => Rows.First().Value;

        private SortedDictionary<LinktreeVersion, LinktreeRow> Rows =>
            _rows ??= new(transaction.RowsOf(author).ToDictionary(row => row.Version));

        internal bool HasAtMost(int count) => _atMost <= count || Rows.Count <= count;

        internal void Add(LinktreeRow row)
        {
            _atMost++;
            _rows?.Add(row.Version, row);
        }

        internal void Replace(LinktreeRow old, LinktreeRow row)
        {
            if (_rows?.Remove(old.Version) is true)
                _rows.Add(row.Version, row);
        }

        internal void EvictOldest()
        {
            var oldest = Oldest;
            transaction.Evict(oldest);
            Rows.Remove(oldest.Version);
            _atMost--;
        }
    }
}
