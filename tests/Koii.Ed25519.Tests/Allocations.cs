namespace Koii.Ed25519.Tests;

/// <summary>What the thread of a test allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// The least of several rounds: the first fills pools and tables, and a collection of garbage may empty pools
    /// before any other.
    /// </summary>
    public static long Least(Action act)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            act();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
