namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A connection whose other side sends the same bytes for any request, and closes.</summary>
internal sealed class ScriptedConnection(byte[] answer) : MemoryStream(answer, writable: false)
{
    public override bool CanWrite => true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
