namespace Koii.DbSharing.Records;

/// <summary>
/// Walks the members of an object in canonical form, in which every key stands once and unescaped as far as it can be. Nothing is checked: the
/// bytes must come from <see cref="EcmaScriptJson"/>.
/// </summary>
internal ref struct CanonicalMembers(ReadOnlySpan<byte> canonicalObject)
{
    private ReadOnlySpan<byte> _rest = canonicalObject[1..];

    /// <summary>The current key without its quotes.</summary>
    internal ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The current value.</summary>
    internal ReadOnlySpan<byte> Value { get; private set; }

    internal bool MoveNext()
    {
        if (_rest[0] == '}')
            return false;
        if (_rest[0] == ',')
            _rest = _rest[1..];
        var keyLength = CanonicalValue.StringLength(_rest);
        Key = _rest[1..(keyLength - 1)];
        _rest = _rest[(keyLength + 1)..];
        var valueLength = CanonicalValue.Length(_rest);
        Value = _rest[..valueLength];
        _rest = _rest[valueLength..];
        return true;
    }
}
