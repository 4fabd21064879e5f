namespace Koii.DbSharing.Records;

/// <summary>
/// The members of a record's data that the library reads (protocol §1). All others belong to the author.
/// </summary>
internal readonly record struct LinktreeContent(string Uuid, long Timestamp, string? TaskId, bool IsTombstone)
{
    private const int MaxUuidLength = 128;
    private const long MaxTimestamp = (1L << 53) - 1;

    /// <summary>Reads an object in canonical form.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> canonical, out LinktreeContent content)
    {
        content = default;
        string? uuid = null;
        long? timestamp = null;
        string? taskId = null;
        var deleted = false;
        var members = new CanonicalObjectReader(canonical);
        while (members.Read())
        {
            if (members.Key.SequenceEqual("uuid"u8))
            {
                if (!TryReadUuid(members.Value, out uuid))
                    return false;
            }
            else if (members.Key.SequenceEqual("timestamp"u8))
            {
                if (!TryReadTimestamp(members.Value, out timestamp))
                    return false;
            }
            else if (members.Key.SequenceEqual("taskId"u8))
            {
                if (!CanonicalValue.TryGetString(members.Value, out var text))
                    return false;
                taskId = CanonicalValue.DecodeString(text);
            }
            else if (members.Key.SequenceEqual("deleted"u8))
            {
                deleted = members.Value.SequenceEqual("true"u8);
            }
        }

        if (uuid is null || timestamp is null)
            return false;
        content = new LinktreeContent(uuid, timestamp.Value, taskId, deleted && taskId is not null);
        return true;
    }

    private static bool TryReadUuid(ReadOnlySpan<byte> value, out string? uuid)
    {
        uuid = null;
        if (!CanonicalValue.TryGetString(value, out var text) || text.Length is 0 or > MaxUuidLength * CanonicalValue.MaxBytesPerChar)
            return false;
        uuid = CanonicalValue.DecodeString(text);
        return uuid.Length <= MaxUuidLength && IsText(uuid);
    }

    /// <summary>
    /// Whether the string is free of U+0000, which some databases reject in text, and of unpaired surrogates, which
    /// UTF-8 cannot encode.
    /// </summary>
    private static bool IsText(string value)
    {
        for (var at = 0; at < value.Length; at++)
        {
            if (char.IsHighSurrogate(value[at]) && at + 1 < value.Length && char.IsLowSurrogate(value[at + 1]))
                at++;
            else if (value[at] == '\0' || char.IsSurrogate(value[at]))
                return false;
        }

        return true;
    }

    /// <summary>Reads an integer of the range of timestamps. Its canonical form consists of digits only.</summary>
    private static bool TryReadTimestamp(ReadOnlySpan<byte> value, out long? timestamp)
    {
        timestamp = null;
        if (value.Length > 16 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;
        var milliseconds = 0L;
        foreach (var digit in value)
            milliseconds = (milliseconds * 10) + digit - '0';
        timestamp = milliseconds;
        return milliseconds <= MaxTimestamp;
    }
}
