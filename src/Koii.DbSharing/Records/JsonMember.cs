namespace Koii.DbSharing.Records;

/// <summary>
/// The range of one member of an object in the output of <see cref="JsonCanonicalizer"/>. The key's range includes its
/// quotes.
/// </summary>
internal struct JsonMember
{
    internal int KeyStart;
    internal int KeyEnd;
    internal int ValueStart;
    internal int ValueEnd;

    internal JsonMember(int keyStart, int keyEnd)
    {
        KeyStart = keyStart;
        KeyEnd = keyEnd;
        ValueStart = keyEnd + 1;
        ValueEnd = ValueStart;
    }

    internal readonly int KeyLength => KeyEnd - KeyStart;

    /// <summary>
    /// Whether the member is removed from the object. The key of any other member has at least two quotes.
    /// </summary>
    internal readonly bool IsRemoved => KeyEnd == KeyStart;

    internal readonly ReadOnlySpan<byte> Key(ReadOnlySpan<byte> output) => output[KeyStart..KeyEnd];

    internal void Remove() => KeyEnd = KeyStart;
}
