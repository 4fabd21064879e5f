using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Unicode;

namespace Koii.DbSharing.Sqlite;

/// <summary>Converts uuids to UTF-8 and back.</summary>
internal static class UuidBytes
{
    /// <summary>The maximum number of bytes of a uuid: 128 UTF-16 units (protocol §1) of at most 3 bytes each.</summary>
    internal const int MaxLength = 3 * 128;

    /// <summary>
    /// Encodes the uuid of a record. It has no unpaired surrogate, so different uuids always differ in their bytes.
    /// </summary>
    internal static ReadOnlySpan<byte> Encode(string uuid, Span<byte> buffer) => TryEncode(uuid, buffer, out var length)
        ? buffer[..length]
        : throw new UnreachableException("A record exists only with a uuid that can be stored (protocol §1).");

    /// <summary>Encodes a uuid; returns <see langword="false"/> if no record can have it.</summary>
    internal static bool TryEncode(string? uuid, Span<byte> buffer, out int length)
    {
        length = 0;
        return !string.IsNullOrEmpty(uuid)
            && Utf8.FromUtf16(uuid, buffer, out _, out length, replaceInvalidSequences: false) == OperationStatus.Done;
    }

    internal static string Decode(ReadOnlySpan<byte> uuid) => Encoding.UTF8.GetString(uuid);
}
