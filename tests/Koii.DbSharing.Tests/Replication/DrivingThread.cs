namespace Koii.DbSharing.Tests.Replication;

/// <summary>
/// Takes the test runner's synchronisation context off the thread. With one, continuations that do not want it go to the thread pool; without, they run inside
/// the call that completes them, so what virtual time sets off is over when <c>Advance</c> returns.
/// </summary>
internal sealed class DrivingThread : IDisposable
{
    private readonly SynchronizationContext? _context = SynchronizationContext.Current;

    public DrivingThread() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_context);
}
