using System.Buffers;
using System.Text.Unicode;

namespace Koii.DbSharing.Sqlite;

/// <summary>Uuids as UTF-8. A valid one has no unpaired surrogate, so different uuids always differ in their bytes.</summary>
internal static class UuidBytes
{
    /// <summary>128 UTF-16 units of at most 3 bytes each.</summary>
    internal const int MaxSize = 3 * 128;

    /// <summary>Answers no for what can be no uuid of a record, and so is held by none.</summary>
    internal static bool TryEncode(string? uuid, Span<byte> destination, out int length)
    {
        length = 0;
        return !string.IsNullOrEmpty(uuid)
            && Utf8.FromUtf16(uuid, destination, out _, out length, replaceInvalidSequences: false) == OperationStatus.Done;
    }
}
