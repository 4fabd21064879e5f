using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Messages;
using Koii.DbSharing.Serving;

namespace Koii.DbSharing;

/// <summary>
/// What a node answers its peers and its authors (protocol §3), without the transport: endpoints put HTTP around it, a simulated network calls it.
/// </summary>
/// <remarks>
/// It keeps no state, so one instance may serve any number of calls at once, and making one costs nothing. A <see cref="LinktreeStoreException"/>
/// of the store passes through every method; a list that it cuts short stays without its closing bracket, which tells the reader that there was more.
/// </remarks>
/// <param name="engine">Judges what is submitted, and knows the sum of what is held.</param>
public sealed class LinktreeResponder(ReplicationEngine engine)
{
    /// <summary>
    /// The greatest length of a submission in bytes: an element of 256 KiB, as lists may hold it, and 1 KiB for what is around it.
    /// </summary>
    public const int MaxSubmissionBytes = (256 * 1024) + 1024;

    /// <summary>The greatest length of a reconciliation message in bytes, in both directions: 512 KiB.</summary>
    public const int MaxMessageBytes = ProtocolExtension.FrameLimit;

    /// <summary>The most records that can be fetched at once.</summary>
    public const int MaxFetchedIds = ProtocolExtension.MaxFetchedIds;

    // Records are taken from the store so many at a time: at their greatest they are 4 MiB.
    private const int FetchPage = 64;

    // Goes into every entity tag. It rises when the same records are written differently, so that peers read them anew.
    private const int WrittenForm = 1;

    // Enough to fill a few packets, little enough that a slow reader costs one page of records and not a second one in bytes.
    private const int FlushBytes = 64 * 1024;

    private readonly ReplicationEngine _engine = engine ?? throw new ArgumentNullException(nameof(engine));

    /// <summary>Gets count and fingerprint of everything that is held, tombstones included.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The summary of a state that the store had during this call.</returns>
    public ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default) => _engine.GetSummaryAsync(cancellationToken);

    /// <summary>
    /// Writes the summary as a JSON object, with what a peer must know before it reconciles: <c>protocol</c>, <c>count</c>, <c>fingerprint</c>, <c>perAuthor</c>,
    /// <c>reconcile</c>.
    /// </summary>
    /// <param name="output">Where to write. It is flushed and left open.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>A task that ends when everything is flushed.</returns>
    public async Task WriteSummaryAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var summary = await GetSummaryAsync(cancellationToken).ConfigureAwait(false);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("protocol"u8, ProtocolExtension.Version);
            json.WriteNumber("count"u8, summary.Count);
            json.WriteString("fingerprint"u8, summary.Fingerprint.ToString("x32", CultureInfo.InvariantCulture));
            json.WriteNumber("perAuthor"u8, _engine.Options.LinktreesPerAuthor);
            json.WriteBoolean("reconcile"u8, true);
            json.WriteEndObject();
        }

        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Answers a reconciliation message (protocol §5) from the set as it is now. It keeps nothing of it, so the next message may meet a newer one.</summary>
    /// <param name="message">The message. Anything longer than <see cref="MaxMessageBytes"/> is refused unread.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer, of at most <see cref="MaxMessageBytes"/>; or <see langword="null"/> where the message is malformed. No bytes make this method throw.</returns>
    public async ValueTask<byte[]?> ReconcileAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        // What is malformed costs no look at the store.
        if (message.Length > MaxMessageBytes || !MessageReader.IsWellFormed(message.Span))
            return null;
        var items = await _engine.Index!.GetItemsAsync(cancellationToken).ConfigureAwait(false);
        return new Responder(items).Respond(message.Span);
    }

    /// <summary>Writes those of some records that are held, tombstones included, each once, in the form of <c>/all</c>.</summary>
    /// <remarks>
    /// The list ends with the record that takes it to 4 MiB: ask again for those that did not come. As with <see cref="WriteListAsync"/>, nothing is written before the
    /// store has answered once.
    /// </remarks>
    /// <param name="output">Where to write. It is flushed and left open; when its reader completes, the rest is left unwritten.</param>
    /// <param name="ids">The records, at most <see cref="MaxFetchedIds"/>.</param>
    /// <param name="cancellationToken">Ends the writing in the middle.</param>
    /// <returns>A task that ends when everything is flushed, or when nobody reads any more.</returns>
    /// <exception cref="ArgumentException">There are too many ids.</exception>
    public async Task WriteRecordsAsync(PipeWriter output, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > MaxFetchedIds)
            throw new ArgumentException($"At most {MaxFetchedIds} records are fetched at once, not {ids.Count}.", nameof(ids));

        var list = new LinktreeListWriter(output, ListForm.KeyedByPublicKey, _engine.Options.ResourceName);
        foreach (var page in ids.Distinct().Chunk(FetchPage))
        {
            var held = RoleContract.NotNull(await _engine.Store.GetAsync(page, cancellationToken).ConfigureAwait(false), "ILinktreeStore.GetAsync");
            foreach (var linktree in held.TakeWhile(_ => list.Bytes < ProtocolExtension.FetchBytes))
            {
                list.Write(linktree);
                if (list.UnflushedBytes >= FlushBytes && !await list.FlushAsync(cancellationToken).ConfigureAwait(false))
                    return;
            }

            if (list.Bytes >= ProtocolExtension.FetchBytes)
                break;
        }

        list.End();
        await list.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the entity tag of a list as it stands now (RFC 9110 §8.8.3), weak and with its quotes, as it stands in a header.</summary>
    /// <remarks>
    /// Ask for it before <see cref="WriteListAsync"/>: it then comes from a state no newer than the rows, so that a reader who keeps it never
    /// takes a later list for the one it has. Equal tags mean equal summaries.
    /// </remarks>
    /// <param name="form">The form of the list; each has its own tags.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>ASCII text of less than 80 characters.</returns>
    public async ValueTask<string> GetEntityTagAsync(ListForm form, CancellationToken cancellationToken = default)
    {
        var summary = await _engine.GetSummaryAsync(cancellationToken).ConfigureAwait(false);
        var path = form == ListForm.Bare ? "list" : "all";
        return string.Create(CultureInfo.InvariantCulture, $"W/\"{WrittenForm}-{path}-{summary.Count}-{summary.Fingerprint:x32}\"");
    }

    /// <summary>Writes everything that is held, tombstones included, ascending by version, as a JSON array.</summary>
    /// <remarks>
    /// Nothing is written before the store has given its first page, so a store that is out of order is known before the answer begins. After
    /// that, records are read a page at a time and flushed as the reader takes them; nothing of the store stays open while it does not.
    /// Records that come or are replaced meanwhile may or may not be among them; none that stays is missed.
    /// </remarks>
    /// <param name="output">Where to write. It is flushed and left open; when its reader completes, the rest is left unwritten.</param>
    /// <param name="form">The form of the elements.</param>
    /// <param name="cancellationToken">Ends the writing in the middle.</param>
    /// <returns>A task that ends when everything is flushed, or when nobody reads any more.</returns>
    public async Task WriteListAsync(PipeWriter output, ListForm form, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var list = new LinktreeListWriter(output, form, _engine.Options.ResourceName);
        LinktreeVersion? after = null;
        do
        {
            var query = new LinktreeQuery { IncludeTombstones = true, After = after };
            var page = await ListAsync(query, cancellationToken).ConfigureAwait(false);
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

        list.End();
        await list.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the newest record of an author, or <c>[]</c> where there is none or it is a tombstone.</summary>
    /// <param name="output">Where to write. It is flushed and left open.</param>
    /// <param name="author">The author.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>A task that ends when everything is flushed.</returns>
    public async Task WriteNewestAsync(PipeWriter output, PublicKey author, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (await FindNewestAsync(author, cancellationToken).ConfigureAwait(false) is { IsTombstone: false } newest)
            LinktreeWriter.WriteRecord(output, newest);
        else
            LinktreeListWriter.WriteEmpty(output);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Judges and stores what an author sent: <c>{"payload":record}</c>, as JavaScript would read it.</summary>
    /// <param name="body">The text as UTF-8. Anything longer than <see cref="MaxSubmissionBytes"/> is refused unread.</param>
    /// <param name="cancellationToken">Ends the wait; the record is then stored or not.</param>
    /// <returns>The verdict. No text makes this method throw.</returns>
    public ValueTask<Verdict> SubmitAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        if (body.Length > MaxSubmissionBytes)
            return ValueTask.FromResult(new Verdict(VerdictKind.Rejected, RejectionReason.TooLarge));
        return LinktreeReader.TryReadMember(body.Span, "payload"u8, out var linktree, out var reason)
            ? _engine.SubmitAsync(linktree, cancellationToken)
            : ValueTask.FromResult(new Verdict(VerdictKind.Rejected, reason));
    }

    private async ValueTask<SignedLinktree?> FindNewestAsync(PublicKey author, CancellationToken cancellationToken)
    {
        SignedLinktree? newest = null;
        LinktreeVersion? after = null;
        do
        {
            // Lists ascend and an author has few records, so the newest is the last of what is most often a single page.
            var query = new LinktreeQuery { Author = author, IncludeTombstones = true, After = after };
            var page = await ListAsync(query, cancellationToken).ConfigureAwait(false);
            newest = page.Linktrees.Count > 0 ? page.Linktrees[^1] : newest;
            after = page.Next;
        }
        while (after is not null);
        return newest;
    }

    private async ValueTask<LinktreePage> ListAsync(LinktreeQuery query, CancellationToken cancellationToken) =>
        RoleContract.NotNull(await _engine.Store.ListAsync(query, cancellationToken).ConfigureAwait(false), "ILinktreeStore.ListAsync");
}
