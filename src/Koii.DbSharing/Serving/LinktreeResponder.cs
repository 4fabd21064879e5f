using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Messages;
using Koii.DbSharing.Serving;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing;

/// <summary>
/// Answers the requests of peers and authors (protocol §3) independently of the transport. <c>MapDbSharing</c> serves
/// it over ASP.NET Core.
/// </summary>
/// <remarks>
/// <para>One instance serves any number of calls at the same time. Create one for each engine: it keeps the compressed
/// pages of its lists. A <see cref="LinktreeStoreException"/> of the store passes through all methods. A list that it interrupts
/// ends without its closing bracket, so the reader detects that the list is incomplete.</para>
/// <para>The protocol's extension (summary, reconciliation, fetch) requires a store with an
/// <see cref="Storage.ILinktreeChangeFeed"/>: test <see cref="HasExtension"/>.</para>
/// </remarks>
public sealed class LinktreeResponder
{
    /// <summary>
    /// The maximum length of a submission in bytes: an element of 256 KiB, as in a list, and 1 KiB for the object
    /// around it.
    /// </summary>
    public const int MaxSubmissionBytes = (256 * 1024) + 1024;

    /// <summary>The maximum length of a reconciliation message in bytes, in both directions: 512 KiB.</summary>
    public const int MaxMessageBytes = ProtocolExtension.FrameLimit;

    /// <summary>The maximum number of records in one fetch.</summary>
    public const int MaxFetchedIds = ProtocolExtension.MaxFetchedIds;

    // The number of records to get from the store at a time: at most 4 MiB.
    private const int FetchPageSize = 64;

    // A part of each ETag. It changes with the wire form, so that peers read the same records again.
    private const int WireFormVersion = 2;

    // Enough to fill several packets, and little enough that a slow reader does not hold a page of records a second
    // time, in bytes.
    private const int FlushBytes = 64 * 1024;

    private readonly ReplicationEngine _engine;
    private readonly ElementForm _allForm;
    private readonly ElementForm _bareForm;
    private readonly NewestByAuthor? _newest;
    private readonly ListPageCache[] _pages = [];

    /// <summary>Creates a responder.</summary>
    /// <param name="engine">The engine whose store is served, and which validates submissions.</param>
    public LinktreeResponder(ReplicationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        var (options, feed) = (engine.Options, engine.ChangeFeed);

        // With one record for each author, each is the newest. Otherwise the feed tells, and without one nothing does.
        var hasUsernames = ElementForm.CanHaveUsernames(options.ResourceName);
        if (hasUsernames && options.LinktreesPerAuthor > 1 && feed is not null)
            _newest = new NewestByAuthor(engine.Store, feed);
        _allForm = new ElementForm(ListForm.KeyedByPublicKey, options.ResourceName)
        {
            HasUsernames = hasUsernames && options.LinktreesPerAuthor == 1,
            Newest = _newest,
        };
        _bareForm = _allForm with { Form = ListForm.Bare };
        if (feed is not null)
            _pages = [new(engine.Store, feed, _allForm, options.ListCacheBytes), new(engine.Store, feed, _bareForm, options.ListCacheBytes)];
    }

    /// <summary>
    /// Whether the node supports the protocol's extension: its store is an <see cref="Storage.ILinktreeChangeFeed"/>.
    /// </summary>
    /// <remarks>
    /// If it is <see langword="false"/>, answer <c>/summary</c>, <c>/reconcile</c> and <c>/fetch</c> with 404;
    /// the methods that write these answers, and <see cref="LinktreeList.WriteGzipAsync"/>, then throw, and lists have no
    /// ETag.
    /// The value never changes.
    /// </remarks>
    public bool HasExtension => _engine.Index is not null;

    /// <summary>Gets count and fingerprint of all records, tombstones included.</summary>
    /// <remarks>Without the extension each call lists the store.</remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The summary of a state that the store had during this call.</returns>
    public ValueTask<SetSummary> GetSummaryAsync(CancellationToken cancellationToken = default) => _engine.GetSummaryAsync(cancellationToken);

    /// <summary>
    /// Writes the summary, and what a peer requires before it reconciles, as a JSON object: <c>protocol</c>,
    /// <c>count</c>, <c>fingerprint</c>, <c>perAuthor</c>, <c>reconcile</c>.
    /// </summary>
    /// <param name="output">The output. It is flushed and not completed.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that completes when all output is flushed.</returns>
    /// <exception cref="InvalidOperationException"><see cref="HasExtension"/> is <see langword="false"/>.</exception>
    public async Task WriteSummaryAsync(PipeWriter output, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var summary = await RequireIndex().GetSummaryAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>
    /// Answers a reconciliation message (protocol §5) from the current set. The next message may be answered from a
    /// newer one.
    /// </summary>
    /// <param name="message">
    /// The message. A message longer than <see cref="MaxMessageBytes"/> is rejected without being read.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>
    /// The answer, at most <see cref="MaxMessageBytes"/> long; or <see langword="null"/> if the message is malformed.
    /// No message causes an exception.
    /// </returns>
    /// <exception cref="InvalidOperationException"><see cref="HasExtension"/> is <see langword="false"/>.</exception>
    public async ValueTask<byte[]?> ReconcileAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        var index = RequireIndex();
        // A malformed message must not cause a read of the store.
        if (message.Length > MaxMessageBytes || !MessageReader.IsWellFormed(message.Span))
            return null;
        var items = await index.GetItemsAsync(cancellationToken).ConfigureAwait(false);
        return new Responder(items).Respond(message.Span);
    }

    /// <summary>
    /// Writes those of the requested records that the store has, tombstones included, each once, in the form of
    /// <c>/all</c>.
    /// </summary>
    /// <remarks>
    /// The list ends with the record that brings it to 4 MiB; the caller requests the missing records again. As with
    /// <see cref="LinktreeList.WriteAsync"/>, nothing is written before the store has returned the first records.
    /// </remarks>
    /// <param name="output">
    /// The output. It is flushed and not completed. If its reader completes, the method returns early.
    /// </param>
    /// <param name="ids">The ids of the records, at most <see cref="MaxFetchedIds"/>.</param>
    /// <param name="cancellationToken">Cancels the call; the list is then incomplete.</param>
    /// <returns>A task that completes when all output is flushed, or the reader has completed.</returns>
    /// <exception cref="ArgumentException">There are too many ids.</exception>
    /// <exception cref="InvalidOperationException"><see cref="HasExtension"/> is <see langword="false"/>.</exception>
    public async Task WriteRecordsAsync(PipeWriter output, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > MaxFetchedIds)
            throw new ArgumentException($"At most {MaxFetchedIds} records are fetched at once, not {ids.Count}.", nameof(ids));
        RequireIndex();

        var list = new LinktreeListWriter(output, new ElementForm(ListForm.KeyedByPublicKey, _engine.Options.ResourceName));
        foreach (var page in ids.Distinct().Chunk(FetchPageSize))
        {
            var linktrees = await _engine.Store.GetAsync(page, cancellationToken).ConfigureAwait(false);
            foreach (var linktree in linktrees.TakeWhile(_ => list.Bytes < ProtocolExtension.FetchBytes))
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

    /// <summary>Opens a list of all records: gets its entity tag, before the first record is read.</summary>
    /// <remarks>
    /// The tag describes a state that is not newer than the records, so a reader that caches it never mistakes a later
    /// list for its own.
    /// </remarks>
    /// <param name="form">The form of the list; each form has its own tags.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The list. It holds no resource.</returns>
    public async ValueTask<LinktreeList> OpenListAsync(ListForm form, CancellationToken cancellationToken = default)
    {
        var (elements, path) = form == ListForm.Bare ? (_bareForm, "list") : (_allForm, "all");
        if (_engine.Index is not { } index || _engine.ChangeFeed is not { } feed)
            return new LinktreeList(_engine.Store, elements);

        // Before the tag: what the store loses afterwards is noticed when the list ends.
        var opened = await feed.ReadChangesAsync(ChangePosition.Latest, limit: 1, cancellationToken).ConfigureAwait(false);
        var summary = await index.GetSummaryAsync(cancellationToken).ConfigureAwait(false);
        if (_newest is not null)
            await _newest.UpdateAsync(_pages, cancellationToken).ConfigureAwait(false);
        var tag = string.Create(CultureInfo.InvariantCulture, $"W/\"{WireFormVersion}-{path}-{summary.Count}-{summary.Fingerprint:x32}\"");
        return new LinktreeList(_engine.Store, elements, _pages[form == ListForm.Bare ? 1 : 0], feed, opened.Next, tag);
    }

    /// <summary>
    /// Writes the newest record of an author, or <c>[]</c> if the author has none or it is a tombstone.
    /// </summary>
    /// <param name="output">The output. It is flushed and not completed.</param>
    /// <param name="author">The author.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that completes when all output is flushed.</returns>
    public async Task WriteNewestAsync(PipeWriter output, PublicKey author, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (await FindNewestAsync(author, cancellationToken).ConfigureAwait(false) is { IsTombstone: false } newest)
            (_bareForm with { HasUsernames = ElementForm.CanHaveUsernames(_engine.Options.ResourceName) }).Write(output, newest);
        else
            LinktreeListWriter.WriteEmpty(output);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Validates and stores the record of a submission, <c>{"payload":record}</c>, with the semantics of
    /// <c>JSON.parse</c>. A leading byte order mark is skipped, as Express does.
    /// </summary>
    /// <param name="body">
    /// The text as UTF-8. A text longer than <see cref="MaxSubmissionBytes"/> is rejected without being read.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait; the record may then be stored or not.</param>
    /// <returns>The verdict. No text causes an exception.</returns>
    public ValueTask<Verdict> SubmitAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        if (body.Length > MaxSubmissionBytes)
            return ValueTask.FromResult(new Verdict(VerdictKind.Rejected, RejectionReason.TooLarge));
        var text = body.Span.StartsWith(ByteOrderMark) ? body.Span[ByteOrderMark.Length..] : body.Span;
        return LinktreeReader.TryReadMember(text, "payload"u8, out var linktree, out var reason)
            ? _engine.SubmitAsync(linktree, cancellationToken)
            : ValueTask.FromResult(new Verdict(VerdictKind.Rejected, reason));
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private LinktreeIndex RequireIndex() => _engine.Index
        ?? throw new InvalidOperationException(
            "The store has no change feed (ILinktreeChangeFeed), so the protocol's extension is not available. "
            + $"Test {nameof(LinktreeResponder)}.{nameof(HasExtension)} before this call and answer 404 if it is false.");

    private async ValueTask<SignedLinktree?> FindNewestAsync(PublicKey author, CancellationToken cancellationToken)
    {
        SignedLinktree? newest = null;
        LinktreeVersion? after = null;
        do
        {
            // Lists ascend, so the newest record is the last one. Authors have few records, so there is usually one
            // page.
            var query = new LinktreeQuery { Author = author, IncludeTombstones = true, After = after };
            var page = await _engine.Store.ListAsync(query, cancellationToken).ConfigureAwait(false);
            newest = page.Linktrees.Count > 0 ? page.Linktrees[^1] : newest;
            after = page.Next;
        }
        while (after is not null);
        return newest;
    }
}
