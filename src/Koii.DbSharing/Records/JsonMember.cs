namespace Koii.DbSharing.Records;

/// <summary>Where one member of an object stands in the output of the canonicaliser. The key's range includes its quotes.</summary>
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

    /// <summary>Whether the member is no longer to be written; a key in use has two quotes at least.</summary>
    internal readonly bool IsDropped => KeyEnd == KeyStart;

    internal readonly ReadOnlySpan<byte> Key(ReadOnlySpan<byte> output) => output[KeyStart..KeyEnd];

    internal void Drop() => KeyEnd = KeyStart;
}
