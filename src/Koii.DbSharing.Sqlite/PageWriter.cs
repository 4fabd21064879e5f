using System.Diagnostics;

namespace Koii.DbSharing.Sqlite;

/// <summary>Decides what becomes of each record of a page, within one transaction (protocol §1).</summary>
internal sealed class PageWriter(TaskTransaction transaction, int perAuthor, long maxRecords)
{
    /// <summary>Begins a page unless another connection is writing.</summary>
    internal bool TryBegin() => transaction.TryBegin();

    /// <summary>Writes the page that was begun, and commits it.</summary>
    internal PutOutcome[] Put(IReadOnlyList<SignedLinktree> linktrees, CancellationToken cancellationToken)
    {
        if (transaction.PerAuthor < perAuthor)
            transaction.PerAuthor = perAuthor;

        // What this page has learned of authors that brought something new. Another process may change their rows once the transaction has ended.
        var authors = new Dictionary<PublicKey, AuthorRows>();
        var outcomes = new PutOutcome[linktrees.Count];
        Span<byte> uuid = stackalloc byte[UuidBytes.MaxSize];
        for (var i = 0; i < outcomes.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isEncoded = UuidBytes.TryEncode(linktrees[i].Uuid, uuid, out var length);
            Debug.Assert(isEncoded, "A record exists only with a uuid that can be stored (protocol §1).");
            outcomes[i] = Put(linktrees[i], uuid[..length], authors);
        }

        transaction.Commit();
        return outcomes;
    }

    private PutOutcome Put(SignedLinktree linktree, ReadOnlySpan<byte> uuid, Dictionary<PublicKey, AuthorRows> authors)
    {
        if (transaction.TryFind(linktree.Author, uuid, out var held))
        {
            if (held.Version.Id == linktree.Id)
                return PutOutcome.Unchanged;
            if (held.Version > linktree.Version)
                return PutOutcome.Superseded;

            var row = transaction.Replace(held, linktree, uuid);
            if (authors.TryGetValue(linktree.Author, out var known))
                known.Replace(held, row);
            return PutOutcome.Replaced;
        }

        if (!authors.TryGetValue(linktree.Author, out var author))
            authors.Add(linktree.Author, author = new AuthorRows(transaction, linktree.Author));
        if (author.Count == 0 && transaction.Records >= maxRecords)
            return PutOutcome.Full;

        // A store of another process may have had a higher limit.
        while (author.Count > perAuthor)
            author.EvictOldest();
        if (author.Count == perAuthor)
        {
            if (author.Oldest.Version > linktree.Version)
                return PutOutcome.Superseded;
            author.EvictOldest();
        }

        author.Add(transaction.Insert(linktree, uuid));
        return PutOutcome.Inserted;
    }
}
