using System.Buffers;
using System.IO.Pipelines;

namespace Koii.DbSharing.Serving;

/// <summary>Writes the brackets, commas and elements of one list, and counts what waits to be flushed, which not every <see cref="PipeWriter"/> does.</summary>
internal sealed class LinktreeListWriter(PipeWriter output, ListForm form, string resourceName) : IBufferWriter<byte>
{
    private bool _begun;

    internal long UnflushedBytes { get; private set; }

    /// <summary>How many bytes were written, flushed or not.</summary>
    internal long Bytes { get; private set; }

    internal static void WriteEmpty(IBufferWriter<byte> output) => output.Write("[]"u8);

    internal void Write(SignedLinktree linktree)
    {
        this.Write(_begun ? ","u8 : "["u8);
        _begun = true;
        if (form == ListForm.Bare)
            LinktreeWriter.WriteRecord(this, linktree);
        else
            LinktreeWriter.WriteKeyedRecord(this, linktree, resourceName);
    }

    internal void End()
    {
        if (_begun)
            this.Write("]"u8);
        else
            WriteEmpty(this);
    }

    /// <summary>Waits until the reader has taken enough of what was written.</summary>
    /// <returns>Whether somebody still reads.</returns>
    internal async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        UnflushedBytes = 0;
        var flushed = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (flushed.IsCanceled)
            throw new OperationCanceledException("The output's owner cancelled the pending flush.");
        return !flushed.IsCompleted;
    }

    void IBufferWriter<byte>.Advance(int count)
    {
        output.Advance(count);
        UnflushedBytes += count;
        Bytes += count;
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => output.GetMemory(sizeHint);

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => output.GetSpan(sizeHint);
}
