using System.Text;
using System.Text.Json;

namespace Koii.DbSharing.TestSupport;

/// <summary>Records for tests that do not look at signatures.</summary>
internal static class Samples
{
    /// <summary>A public key that is told apart by its first byte.</summary>
    public static PublicKey Author(byte number)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        bytes[0] = number;
        bytes[31] = 1;
        return new PublicKey(bytes);
    }

    /// <summary>A well-formed record with a signature that is only a placeholder.</summary>
    public static SignedLinktree Linktree(byte author = 1, string uuid = "u", long timestamp = 1_700_000_000_000, string name = "n", bool deleted = false, string? taskId = null) =>
        Linktree(Author(author), uuid, timestamp, name, deleted, taskId);

    /// <inheritdoc cref="Linktree(byte, string, long, string, bool, string?)"/>
    public static SignedLinktree Linktree(PublicKey author, string uuid, long timestamp, string name = "n", bool deleted = false, string? taskId = null)
    {
        var signature = new byte[LinktreeSignature.Size];
        signature[0] = 1;
        return SignedLinktree.TryCreate(author, new LinktreeSignature(signature), DataJson(uuid, timestamp, name, deleted, taskId), out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"Not a record: {reason}.");
    }

    /// <summary>The text of a data object, already canonical for plain names.</summary>
    public static byte[] DataJson(string uuid, long timestamp, string name = "n", bool deleted = false, string? taskId = null) =>
        Encoding.UTF8.GetBytes(
            $$"""{"uuid":{{JsonSerializer.Serialize(uuid)}},"linktree":{"name":{{JsonSerializer.Serialize(name)}}}{{(taskId is null ? "" : $",\"taskId\":{JsonSerializer.Serialize(taskId)}")}}{{(deleted ? ",\"deleted\":true" : "")}},"timestamp":{{timestamp}}}""");
}
