using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Koii.DbSharing.TestSupport;

/// <summary>Builds records, and the settings of a store for them.</summary>
public static class Samples
{
    /// <summary>The task of the options and of the tombstones of <see cref="Create"/>.</summary>
    public const string TaskId = "task";

    /// <summary>How many changes a store under test retains: few, since tests of trimming write more than twice as many.</summary>
    public const int RetainedChanges = 2000;

    private static readonly JsonSerializerOptions Raw = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Creates the key of an author from a number.</summary>
    public static PublicKey Author(int number)
    {
        var bytes = new byte[PublicKey.Size];
        BitConverter.TryWriteBytes(bytes, number);
        bytes[^1] = 0x58;
        return new PublicKey(bytes);
    }

    /// <summary>Creates a well-formed record for a store, which does not verify signatures; a tombstone names <see cref="TaskId"/>.</summary>
    public static SignedLinktree Create(
        int author = 1, string uuid = "u", long timestamp = 1000, string name = "", bool deleted = false, byte signature = 1)
    {
        var bytes = new byte[LinktreeSignature.Size];
        Array.Fill(bytes, signature);
        return Create(Author(author), new LinktreeSignature(bytes), DataJson(uuid, timestamp, name, deleted, deleted ? TaskId : null));
    }

    /// <summary>Creates a well-formed record whose data has a number of bytes, at least 100.</summary>
    public static SignedLinktree Sized(int author, string uuid, long timestamp, int bytes) =>
        Create(author, uuid, timestamp, new string('x', bytes - Create(author, uuid, timestamp).Data.Length));

    /// <summary>Creates a well-formed record with a signature that only a fake verifier accepts.</summary>
    public static SignedLinktree Linktree(
        int author = 1, string uuid = "u", long timestamp = 1_700_000_000_000, string name = "n", bool deleted = false, string? taskId = null) =>
        Linktree(Author(author), uuid, timestamp, name, deleted, taskId);

    /// <inheritdoc cref="Linktree(int, string, long, string, bool, string?)"/>
    public static SignedLinktree Linktree(PublicKey author, string uuid, long timestamp, string name = "n", bool deleted = false, string? taskId = null) =>
        Create(author, Signature(1, 0), DataJson(uuid, timestamp, name, deleted, taskId));

    /// <summary>Creates the signer of an author whose seed begins with a number.</summary>
    public static LinktreeSigner Signer(int number)
    {
        var seed = new byte[32];
        BitConverter.TryWriteBytes(seed, number);
        return LinktreeSigner.FromSeed(seed);
    }

    /// <summary>Creates a record that its author has signed.</summary>
    public static SignedLinktree Signed(int author, string uuid = "u", string name = "n")
    {
        using var signer = Signer(author);
        return signer.Sign(DataJson(uuid, 1_700_000_000_000, name));
    }

    /// <summary>The same data under a signature that the fake verifier rejects.</summary>
    public static SignedLinktree Forged(this SignedLinktree linktree, byte variant = 0) =>
        Create(linktree.Author, Signature(0, variant), linktree.Data.Span);

    /// <summary>The same data under another signature that the fake verifier accepts.</summary>
    public static SignedLinktree Resigned(this SignedLinktree linktree, byte variant) =>
        Create(linktree.Author, Signature(1, variant), linktree.Data.Span);

    /// <summary>Creates a record from its parts.</summary>
    public static SignedLinktree Create(PublicKey author, LinktreeSignature signature, ReadOnlySpan<byte> data) =>
        SignedLinktree.TryCreate(author, signature, data, out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"{Encoding.UTF8.GetString(data)} is not a record: {reason}.");

    /// <summary>The text of a data object, already canonical for plain names.</summary>
    public static byte[] DataJson(string uuid, long timestamp, string name = "n", bool deleted = false, string? taskId = null)
    {
        var task = taskId is null ? "" : $",\"taskId\":{Text(taskId)}";
        var tombstone = deleted ? ",\"deleted\":true" : "";
        return Encoding.UTF8.GetBytes($$"""{"uuid":{{Text(uuid)}},"linktree":{"name":{{Text(name)}}}{{task}}{{tombstone}},"timestamp":{{timestamp}}}""");

        static string Text(string value) => JsonSerializer.Serialize(value, Raw);
    }

    /// <summary>Writes a record as it stands in a list.</summary>
    public static string Json(SignedLinktree linktree) =>
        $$"""{"data":{{Encoding.UTF8.GetString(linktree.Data.Span)}},"publicKey":"{{linktree.Author}}","signature":"{{linktree.Signature}}"}""";

    /// <summary>Writes a list of bare records.</summary>
    public static string BareList(params IEnumerable<SignedLinktree> linktrees) => $"[{string.Join(',', linktrees.Select(Json))}]";

    /// <summary>Writes a list of records under their keys.</summary>
    public static string KeyedList(params IEnumerable<SignedLinktree> linktrees) =>
        $"[{string.Join(',', linktrees.Select(linktree => $$"""{"key":"linktree:{{linktree.Author}}","value":{{Json(linktree)}}}"""))}]";

    /// <summary>Creates the settings of a store under test.</summary>
    public static DbSharingOptions Options(
        int linktreesPerAuthor = 16, long maxRecords = 1_000_000, string taskId = TaskId, long maxBytes = 1L << 30) =>
        new()
        {
            TaskId = taskId,
            LinktreesPerAuthor = linktreesPerAuthor,
            MaxRecords = maxRecords,
            MaxBytes = maxBytes,
            MaxRetainedChanges = RetainedChanges,
        };

    private static LinktreeSignature Signature(byte first, byte second)
    {
        var bytes = new byte[LinktreeSignature.Size];
        (bytes[0], bytes[1]) = (first, second);
        return new LinktreeSignature(bytes);
    }
}
