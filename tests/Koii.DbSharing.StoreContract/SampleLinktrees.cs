using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Koii.DbSharing.StoreContract;

/// <summary>Records for stores, which do not verify signatures.</summary>
public static class SampleLinktrees
{
    /// <summary>The task of the options and of the tombstones.</summary>
    public const string TaskId = "task";

    /// <summary>How many changes a store under test retains: few, since tests of trimming write more than twice as many.</summary>
    public const int RetainedChanges = 2000;

    private static readonly JsonWriterOptions Raw = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Creates the key of an author from a number.</summary>
    public static PublicKey Author(int number)
    {
        var bytes = new byte[PublicKey.Size];
        BitConverter.TryWriteBytes(bytes, number);
        bytes[^1] = 0x58;
        return new PublicKey(bytes);
    }

    /// <summary>Creates a well-formed record; the name distinguishes records that are otherwise equal.</summary>
    public static SignedLinktree Create(
        int author = 1, string uuid = "u", long timestamp = 1000, string name = "", bool deleted = false, byte signature = 1)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Raw))
        {
            json.WriteStartObject();
            json.WriteString("uuid", uuid);
            json.WriteString("name", name);
            json.WriteNumber("timestamp", timestamp);
            if (deleted)
            {
                json.WriteString("taskId", TaskId);
                json.WriteBoolean("deleted", true);
            }

            json.WriteEndObject();
        }

        var signatureBytes = new byte[LinktreeSignature.Size];
        Array.Fill(signatureBytes, signature);
        return SignedLinktree.TryCreate(Author(author), new LinktreeSignature(signatureBytes), stream.ToArray(), out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"{Encoding.UTF8.GetString(stream.ToArray())} is not a record: {reason}.");
    }

    /// <summary>Creates the settings of a store under test.</summary>
    public static DbSharingOptions Options(int linktreesPerAuthor = 16, long maxRecords = 1_000_000, string taskId = TaskId) => new()
    {
        TaskId = taskId,
        LinktreesPerAuthor = linktreesPerAuthor,
        MaxRecords = maxRecords,
        MaxRetainedChanges = RetainedChanges,
    };
}
