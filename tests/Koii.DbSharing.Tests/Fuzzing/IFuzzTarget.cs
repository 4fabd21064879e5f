namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>A reader of foreign bytes under test.</summary>
internal interface IFuzzTarget
{
    /// <summary>What mutations begin with.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>Lets the reader read, and checks what it made of it. An exception, of the reader or of a check, is a failure.</summary>
    /// <param name="input">Any bytes.</param>
    /// <returns>What kind of answer that was. An input that gets an answer of a new kind is mutated further.</returns>
    Task<int> FeedAsync(byte[] input);
}
