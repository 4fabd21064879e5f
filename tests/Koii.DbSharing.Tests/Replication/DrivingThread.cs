namespace Koii.DbSharing.Tests.Replication;

/// <summary>
/// Removes the synchronization context of the test runner from the thread. With one, continuations go to the thread pool; without, they run inside
/// the call that completes them, so what virtual time sets off is over when <c>Advance</c> returns.
/// </summary>
internal sealed class DrivingThread : IDisposable
{
    private readonly SynchronizationContext? _context = SynchronizationContext.Current;

    public DrivingThread() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_context);
}
