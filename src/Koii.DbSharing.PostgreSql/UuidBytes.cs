using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Unicode;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Converts uuids to UTF-8 and back. A valid uuid has no unpaired surrogate, so different uuids always differ in their
/// bytes.
/// </summary>
internal static class UuidBytes
{
    /// <summary>128 UTF-16 units (protocol §1) of at most 3 bytes each.</summary>
    internal const int MaxSize = 3 * 128;

    /// <summary>Returns <see langword="null"/> for a uuid that no record can have.</summary>
    internal static byte[]? TryEncode(string? uuid)
    {
        Span<byte> bytes = stackalloc byte[MaxSize];
        return !string.IsNullOrEmpty(uuid) && TryEncode(uuid, bytes, out var length) ? bytes[..length].ToArray() : null;
    }

    /// <summary>Writes the uuid of a record and returns its length.</summary>
    internal static int Encode(string uuid, Span<byte> bytes) => TryEncode(uuid, bytes, out var length)
        ? length
        : throw new UnreachableException("A record exists only with a uuid that can be stored (protocol §1).");

    internal static string Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static bool TryEncode(string uuid, Span<byte> bytes, out int length) =>
        Utf8.FromUtf16(uuid, bytes, out _, out length, replaceInvalidSequences: false) == OperationStatus.Done;
}
