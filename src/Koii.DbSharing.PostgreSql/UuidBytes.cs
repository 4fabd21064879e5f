using System.Buffers;
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
    private const int MaxSize = 3 * 128;

    /// <summary>Returns <see langword="null"/> for a uuid that no record can have.</summary>
    internal static byte[]? TryEncode(string? uuid)
    {
        Span<byte> bytes = stackalloc byte[MaxSize];
        return !string.IsNullOrEmpty(uuid)
            && Utf8.FromUtf16(uuid, bytes, out _, out var length, replaceInvalidSequences: false) == OperationStatus.Done
            ? bytes[..length].ToArray()
            : null;
    }

    internal static string Decode(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
