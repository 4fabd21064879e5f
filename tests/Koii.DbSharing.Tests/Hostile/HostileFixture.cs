using System.Text;
using Koii.DbSharing.Tests.Http;
using Koii.DbSharing.Tests.Peers;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>What rounds with a hostile peer over real sockets have in common: what three honest peers hold, a store that tells when it holds it too, and what is measured meanwhile.</summary>
internal abstract class HostileFixture : PeerClientFixture
{
    protected const int MegaByte = 1024 * 1024;

    // Timers: a pull has one on all its calls together, a transfer has one, and so has the step of it that is waited for, headers or a part of the body.
    protected const int Pull = 1;
    protected const int Whole = 1;
    protected const int Step = 1;

    private readonly List<long> _liveBytes = [];
    private long _bytesRead;

    protected HostileFixture()
    {
        Options.AllowPrivateAddresses = true;
        Store = new WatchedStore(new InMemoryLinktreeStore(Options, Clock));
    }

    /// <summary>A record of each honest peer.</summary>
    protected SignedLinktree[] Honest { get; } = [.. Enumerable.Range(1, 3).Select(author => Signed((byte)author))];

    protected WatchedStore Store { get; }

    /// <summary>The time is a safety net: where the hostile peer holds the others up, this would never come.</summary>
    protected Task HonestAreStored => Store.HoldsAsync(Honest).WaitAsync(TimeSpan.FromMinutes(5));

    /// <summary>How many bytes were read from all connections.</summary>
    protected long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>How much more memory was in use, whenever it was measured, than the first time.</summary>
    protected long MemoryUsed => _liveBytes.Max() - _liveBytes[0];

    /// <summary>How much that may be: 8 MB for each peer that is read at once.</summary>
    protected long MemoryBound => Options.MaxConcurrentPeers * 8L * MegaByte;

    /// <summary>Three peers that have a record each.</summary>
    /// <param name="held">What the one with the extension has besides.</param>
    /// <param name="mayAnswer">None of them answers before this is completed.</param>
    protected HonestPeers StartHonest(IEnumerable<SignedLinktree> held, Task mayAnswer) =>
        new((Keyed(Honest[0]), Bare(Honest[2])), new ExtendedHost([.. held, Honest[1]]), mayAnswer);

    protected async Task AssertHonestAreStoredAsync() =>
        Assert.That((await Store.GetAsync([.. Honest.Select(linktree => linktree.Id)])).Count, Is.EqualTo(3));

    protected void MeasureMemory() => _liveBytes.Add(GC.GetTotalMemory(forceFullCollection: true));

    /// <summary>What a hostile peer does half its way: it goes on when the others are done.</summary>
    protected async Task InTheMiddleAsync()
    {
        await HonestAreStored;
        MeasureMemory();
    }

    /// <summary>
    /// Waits until so many timers are armed. While others come and go the same number may be met by chance, so it says something only where it is the most or the least that
    /// can be.
    /// </summary>
    protected Task TimersAsync(int timers) => TestWait.UntilAsync(() => Clock.ArmedTimers == timers, $"{timers} timers, not {Clock.ArmedTimers}");

    protected override HttpClient CreateHttp() => LoopbackHttp.CreateClient(Limits, count => Interlocked.Add(ref _bytesRead, count));

    protected static SignedLinktree Signed(byte author)
    {
        var seed = new byte[32];
        seed[0] = author;
        using var signer = LinktreeSigner.FromSeed(seed);
        return signer.Sign("""{"uuid":"u","timestamp":1700000000000}"""u8.ToArray());
    }
}
