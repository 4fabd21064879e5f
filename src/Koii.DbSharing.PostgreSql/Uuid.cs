using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Uuids as UTF-8. A valid one has no unpaired surrogate, so different uuids always differ in their bytes.</summary>
internal static class Uuid
{
    /// <summary>128 UTF-16 units of at most 3 bytes each.</summary>
    private const int MaxSize = 3 * 128;

    /// <summary>Answers <see langword="null"/> for what can be no uuid of a record, and so is held by none.</summary>
    internal static byte[]? TryEncode(string? uuid)
    {
        Span<byte> bytes = stackalloc byte[MaxSize];
        return !string.IsNullOrEmpty(uuid) && Utf8.FromUtf16(uuid, bytes, out _, out var length, replaceInvalidSequences: false) == OperationStatus.Done
            ? bytes[..length].ToArray()
            : null;
    }

    internal static string Decode(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
