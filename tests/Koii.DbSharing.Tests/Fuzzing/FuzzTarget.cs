namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A target that bounds the memory that the reader allocates by a multiple of its input.</summary>
internal abstract class FuzzTarget<TReading> : IFuzzTarget
{
    public abstract IEnumerable<byte[]> Seeds { get; }

    /// <summary>
    /// The number of bytes that may be allocated for any input: for buffers that the pool has to create, and for what a
    /// reader always needs.
    /// </summary>
    protected virtual int FixedBytes => 512 * 1024;

    /// <summary>The number of bytes that may be allocated for each byte of the input.</summary>
    protected virtual int BytesPerInputByte => 128;

    public async Task<int> FeedAsync(byte[] input)
    {
        var thread = Environment.CurrentManagedThreadId;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reading = await ReadAsync(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (thread == Environment.CurrentManagedThreadId && allocated > FixedBytes + ((long)BytesPerInputByte * input.Length))
            Assert.Fail($"{allocated} bytes were allocated for an input of {input.Length}.");
        return Check(input, reading);
    }

    /// <summary>Calls the reader, and nothing else.</summary>
    protected abstract ValueTask<TReading> ReadAsync(byte[] input);

    /// <summary>Asserts that the result is correct, and returns its kind.</summary>
    protected abstract int Check(byte[] input, TReading reading);
}
