using System.Text.Json;

namespace Koii.DbSharing.Records;

/// <summary>PROVISIONAL: what the library reads of a record's data.</summary>
internal readonly record struct LinktreeContent(string Uuid, long Timestamp, string? TaskId, bool IsTombstone)
{
    internal static bool TryRead(ReadOnlySpan<byte> canonical, out LinktreeContent content)
    {
        content = default;
        try
        {
            using var document = JsonDocument.Parse(canonical.ToArray());
            var root = document.RootElement;
            var taskId = root.TryGetProperty("taskId", out var task) ? task.GetString() : null;
            var deleted = taskId is not null && root.TryGetProperty("deleted", out var flag) && flag.ValueKind == JsonValueKind.True;
            content = new LinktreeContent(root.GetProperty("uuid").GetString()!, root.GetProperty("timestamp").GetInt64(), taskId, deleted);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }
}
