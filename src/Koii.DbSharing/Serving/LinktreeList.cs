using System.IO.Pipelines;
using Koii.DbSharing.Serving;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing;

/// <summary>
/// A list of all records of a node, tombstones included, in ascending order of their versions, with the entity tag of the
/// state that it is not older than (protocol §3.2). <see cref="LinktreeResponder.OpenListAsync"/> creates it.
/// </summary>
/// <remarks>
/// <para>Nothing is written before the store has returned its first page, so a store that cannot be read is detected
/// before the answer begins. Then records are read page by page and flushed as the reader consumes them; no resource of
/// the store stays open in between. Records that are added or replaced meanwhile may be missing; no other record is.</para>
/// <para>If the store has lost records for another reason than a newer one since the list was opened, for example because
/// it found them damaged, the list ends without its closing bracket, and the write throws a
/// <see cref="LinktreeStoreException"/>: a reader that took the list for complete would keep its tag, and would not be
/// sent the records when they are back. The same happens if the store has trimmed
/// <see cref="DbSharingOptions.MaxRetainedChanges"/> since then.</para>
/// <para>In the resource <c>linktree</c>, the newest record of an author that is not a tombstone has a member
/// <c>username</c> whose value is that of <c>data.linktree.linktreeAddress</c>, if this is a string of 1 to 128 UTF-16 code
/// units. With a store without a change feed, this requires that <see cref="DbSharingOptions.LinktreesPerAuthor"/> is 1.</para>
/// </remarks>
public sealed class LinktreeList
{
    // Enough to fill several packets, and little enough that a slow reader does not hold a page of records a second
    // time, in bytes.
    private const int FlushBytes = 64 * 1024;

    private readonly ILinktreeStore _store;
    private readonly ElementForm _form;
    private readonly ListPageCache? _pages;
    private readonly ILinktreeChangeFeed? _feed;
    private readonly ChangePosition _opened;

    internal LinktreeList(ILinktreeStore store, ElementForm form)
    {
        _store = store;
        _form = form;
    }

    internal LinktreeList(
        ILinktreeStore store, ElementForm form, ListPageCache pages, ILinktreeChangeFeed feed, ChangePosition opened, string entityTag)
        : this(store, form) => (_pages, _feed, _opened, EntityTag) = (pages, feed, opened, entityTag);

    /// <summary>
    /// The entity tag of the list (RFC 9110 §8.8.3): weak, with its quotes, as in the header; ASCII text of less than 80
    /// characters.
    /// </summary>
    /// <remarks>
    /// Equal tags mean equal summaries. The tag is <see langword="null"/> if
    /// <see cref="LinktreeResponder.HasExtension"/> is <see langword="false"/>: the engine cannot detect changes by other
    /// writers of the store, and an outdated tag would hide records from peers.
    /// </remarks>
    public string? EntityTag { get; }

    /// <summary>Writes the list as a JSON array.</summary>
    /// <param name="output">
    /// The output. It is flushed and not completed. If its reader completes, the method returns early.
    /// </param>
    /// <param name="cancellationToken">Cancels the call; the list is then incomplete.</param>
    /// <returns>A task that completes when all output is flushed, or the reader has completed.</returns>
    /// <exception cref="LinktreeStoreException">
    /// The store failed or has lost records since the list was opened. What is written has no closing bracket.
    /// </exception>
    public async Task WriteAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var list = new LinktreeListWriter(output, _form);
        LinktreeVersion? after = null;
        do
        {
            var query = new LinktreeQuery { IncludeTombstones = true, After = after };
            var page = await _store.ListAsync(query, cancellationToken).ConfigureAwait(false);
            foreach (var linktree in page.Linktrees)
            {
                list.Write(linktree);
                if (list.UnflushedBytes >= FlushBytes && !await list.FlushAsync(cancellationToken).ConfigureAwait(false))
                    return;
            }

            after = page.Next;
            if (after is not null && !await list.FlushAsync(cancellationToken).ConfigureAwait(false))
                return;
        }
        while (after is not null);

        await ThrowIfRecordsWereLostAsync(cancellationToken).ConfigureAwait(false);
        list.End();
        await list.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the list as gzip, from pages that are compressed once.</summary>
    /// <remarks>
    /// A page is kept until one of its records changes, up to <see cref="DbSharingOptions.ListCacheBytes"/>; further pages
    /// are compressed for each call.
    /// </remarks>
    /// <param name="output">The output, without compression of its own. It is flushed and not completed.</param>
    /// <param name="cancellationToken">Cancels the call; the list is then incomplete.</param>
    /// <returns>A task that completes when all output is flushed, or the reader has completed.</returns>
    /// <exception cref="InvalidOperationException">
    /// <see cref="LinktreeResponder.HasExtension"/> is <see langword="false"/>.
    /// </exception>
    /// <exception cref="LinktreeStoreException">
    /// The store failed or has lost records since the list was opened. What is written has no closing bracket.
    /// </exception>
    public Task WriteGzipAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var pages = _pages ?? throw new InvalidOperationException(
            $"The store has no change feed, so no pages are kept. Test {nameof(LinktreeResponder)}.{nameof(LinktreeResponder.HasExtension)} before this call.");
        return GzipList.WriteAsync(output, pages, ThrowIfRecordsWereLostAsync, cancellationToken);
    }

    private async ValueTask ThrowIfRecordsWereLostAsync(CancellationToken cancellationToken)
    {
        if (_feed is null)
            return;
        var changes = await _feed.ReadChangesAsync(_opened, limit: 1, cancellationToken).ConfigureAwait(false);
        if (changes.IsTrimmed)
        {
            throw new LinktreeStoreException("The store lost records, or trimmed its changes, while a list was written. The list was cut; the next one is complete.")
            {
                IsTransient = true,
            };
        }
    }
}
