namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A reader of untrusted bytes under test.</summary>
internal interface IFuzzTarget
{
    /// <summary>The inputs from which mutations are created.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>
    /// Calls the reader and checks its result. An exception of the reader or of a check is a failure.
    /// </summary>
    /// <param name="input">Any bytes.</param>
    /// <returns>The kind of the result. An input with a result of a new kind is mutated further.</returns>
    Task<int> FeedAsync(byte[] input);
}
