using System.Buffers;
using System.IO.Pipelines;

namespace Koii.DbSharing.Serving;

/// <summary>
/// Writes the brackets, commas and elements of one list, and counts the unflushed bytes, which not every
/// <see cref="PipeWriter"/> does.
/// </summary>
internal sealed class LinktreeListWriter(PipeWriter output, ElementForm form) : IBufferWriter<byte>
{
    private bool _hasElements;

    internal long UnflushedBytes { get; private set; }

    /// <summary>The number of bytes written, flushed or not.</summary>
    internal long Bytes { get; private set; }

    internal static void WriteEmpty(IBufferWriter<byte> output) => output.Write("[]"u8);

    internal void Write(SignedLinktree linktree)
    {
        this.Write(_hasElements ? ","u8 : "["u8);
        _hasElements = true;
        form.Write(this, linktree);
    }

    internal void End()
    {
        if (_hasElements)
            this.Write("]"u8);
        else
            WriteEmpty(this);
    }

    /// <summary>Flushes, and waits until the reader has consumed enough of the output.</summary>
    /// <returns><see langword="false"/> if the reader has completed.</returns>
    internal async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        UnflushedBytes = 0;
        var flushed = await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (flushed.IsCanceled)
            throw new OperationCanceledException("The owner of the output canceled the pending flush.");
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
