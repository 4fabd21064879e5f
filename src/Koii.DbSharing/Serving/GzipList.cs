using System.IO.Pipelines;

namespace Koii.DbSharing.Serving;

/// <summary>Writes a list as one gzip member from compressed pages.</summary>
internal static class GzipList
{
    /// <summary>Writes the list; returns early if the reader of the output has completed.</summary>
    /// <param name="output">The output.</param>
    /// <param name="pages">The pages.</param>
    /// <param name="verify">Throws if the list must not be closed. It is called before the closing bracket.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task WriteAsync(
        PipeWriter output, ListPageCache pages, Func<CancellationToken, ValueTask> verify, CancellationToken cancellationToken)
    {
        var gzip = new GzipWriter(output);
        await pages.UpdateAsync(cancellationToken).ConfigureAwait(false);
        var hasElements = false;
        for (LinktreeVersion? after = ListPage.Start; after is { } version;)
        {
            // Nothing is written before the store has returned the first page.
            var page = await pages.GetAsync(version, cancellationToken).ConfigureAwait(false);
            if (version == ListPage.Start)
            {
                gzip.Begin();
                gzip.WriteStored("["u8);
            }

            if (page.Sum.Length > 0)
            {
                if (hasElements)
                    gzip.WriteStored(","u8);
                hasElements = true;
                gzip.WriteDeflated(page.Deflated, page.Sum);
            }

            after = page.Next;
            if (after is null)
            {
                await verify(cancellationToken).ConfigureAwait(false);
                gzip.End("]"u8);
            }

            var flushed = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCanceled)
                throw new OperationCanceledException("The owner of the output canceled the pending flush.");
            if (flushed.IsCompleted)
                return;
        }
    }
}
