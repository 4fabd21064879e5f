namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A reader whose memory is watched: what it allocates is bounded by a multiple of its input.</summary>
internal abstract class FuzzTarget<TReading> : IFuzzTarget
{
    public abstract IEnumerable<byte[]> Seeds { get; }

    /// <summary>The most bytes that may be allocated for nothing at all: buffers that a pool has not got yet, and what a reader always needs.</summary>
    protected virtual int BytesForAnything => 512 * 1024;

    /// <summary>The most bytes that may be allocated for one of the input.</summary>
    protected virtual int BytesForByte => 128;

    public async Task<int> FeedAsync(byte[] input)
    {
        var thread = Environment.CurrentManagedThreadId;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reading = await ReadAsync(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (thread == Environment.CurrentManagedThreadId && allocated > BytesForAnything + ((long)BytesForByte * input.Length))
            Assert.Fail($"{allocated} bytes were allocated for an input of {input.Length}.");
        return Check(input, reading);
    }

    /// <summary>The reader, and nothing else.</summary>
    protected abstract ValueTask<TReading> ReadAsync(byte[] input);

    /// <summary>Whether the answer is right, as far as that can be told; and its kind.</summary>
    protected abstract int Check(byte[] input, TReading reading);
}
