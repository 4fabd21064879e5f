namespace Koii.DbSharing.Records;

/// <summary>
/// Reads the members of an object in canonical form. Each key occurs once, and is escaped only where the canonical form
/// requires it.
/// </summary>
/// <param name="canonicalObject">Bytes from <see cref="CanonicalJson"/>; they are not validated.</param>
internal ref struct CanonicalObjectReader(ReadOnlySpan<byte> canonicalObject)
{
    private ReadOnlySpan<byte> _unread = canonicalObject[1..];

    /// <summary>The current key without its quotes.</summary>
    internal ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The current value.</summary>
    internal ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Advances to the next member.</summary>
    /// <returns><see langword="false"/> at the end of the object.</returns>
    internal bool Read()
    {
        if (_unread[0] == '}')
            return false;
        if (_unread[0] == ',')
            _unread = _unread[1..];
        var keyLength = CanonicalValue.GetStringLength(_unread);
        Key = _unread[1..(keyLength - 1)];
        _unread = _unread[(keyLength + 1)..];
        var valueLength = CanonicalValue.GetLength(_unread);
        Value = _unread[..valueLength];
        _unread = _unread[valueLength..];
        return true;
    }
}
