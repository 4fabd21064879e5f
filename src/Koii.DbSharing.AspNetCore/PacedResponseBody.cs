namespace Koii.DbSharing.AspNetCore;

/// <summary>An answer's body, written at a pace that is watched.</summary>
internal sealed class PacedResponseBody(Stream body, ClientPace pace) : PacedStream
{
    public override bool CanRead => false;

    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await pace.WaitAsync(Pending(body.WriteAsync(buffer, cancellationToken)));
        pace.Count(buffer.Length);
    }

    public override async Task FlushAsync(CancellationToken cancellationToken) => await pace.WaitAsync(Pending(new ValueTask(body.FlushAsync(cancellationToken))));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static ValueTask<bool> Pending(ValueTask writing)
    {
        if (!writing.IsCompletedSuccessfully)
            return WaitAsync(writing);
        writing.GetAwaiter().GetResult();
        return new ValueTask<bool>(true);

        static async ValueTask<bool> WaitAsync(ValueTask writing)
        {
            await writing;
            return true;
        }
    }
}
