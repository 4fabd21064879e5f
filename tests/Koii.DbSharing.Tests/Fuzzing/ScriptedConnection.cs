namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A connection whose other side says its bytes, whatever it is asked, and ends.</summary>
internal sealed class ScriptedConnection(byte[] answer) : MemoryStream(answer, writable: false)
{
    public override bool CanWrite => true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
