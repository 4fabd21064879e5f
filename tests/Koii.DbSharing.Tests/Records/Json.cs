using System.Text;
using Koii.DbSharing.Records;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Shorthand for canonical forms and for texts of records.</summary>
internal static class Json
{
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Gets the canonical form as a string, or the reason in angle brackets.</summary>
    public static string Canonical(string text, int maxDepth = 64) => Canonical(Utf8(text), maxDepth);

    /// <inheritdoc cref="Canonical(string, int)"/>
    public static string Canonical(ReadOnlySpan<byte> text, int maxDepth = 64)
    {
        using var canonical = CanonicalJson.Create(text, maxDepth);
        return canonical.Reason is RejectionReason.None ? Encoding.UTF8.GetString(canonical.Bytes) : $"<{canonical.Reason}>";
    }

    /// <summary>Creates an envelope whose key and signature have the right lengths.</summary>
    public static string Envelope(string data, byte author = 1) =>
        $$"""{"data":{{data}},"publicKey":"{{Author(author)}}","signature":"{{Signature}}"}""";

    public static string Keyed(string record) => $$"""{"key":"linktree:x","value":{{record}}}""";

    public static string Data(string members = "", string uuid = "u", string timestamp = "1700000000000") =>
        $$"""{"uuid":"{{uuid}}","timestamp":{{timestamp}}{{(members.Length == 0 ? "" : ",")}}{{members}}}""";

    /// <summary>Inserts members at the start of an object.</summary>
    public static string Before(string members, string json) => $"{{{members},{json[1..]}";

    /// <summary>Appends members to an object.</summary>
    public static string After(string json, string members) => $"{json[..^1]},{members}}}";

    /// <summary>Creates nested arrays.</summary>
    public static string Nested(int levels) => new string('[', levels) + new string(']', levels);

    public static PublicKey Author(byte number) => TestSupport.Samples.Author(number);

    public static LinktreeSignature Signature { get; } = new([.. Enumerable.Range(1, LinktreeSignature.Size).Select(value => (byte)value)]);

    /// <summary>Creates a record. Gets the canonical form of its data, or the reason in angle brackets.</summary>
    public static string Create(string data) =>
        SignedLinktree.TryCreate(
            Author(1), Signature, Utf8(data), out var linktree, out var reason) ? Encoding.UTF8.GetString(linktree.Data.Span) : $"<{reason}>";

    /// <summary>Reads an envelope. Gets the canonical form of its data, or the reason in angle brackets.</summary>
    public static string Read(string envelope) => Read(Utf8(envelope));

    /// <inheritdoc cref="Read(string)"/>
    public static string Read(byte[] envelope)
    {
        var read = LinktreeReader.TryRead(envelope, out var linktree, out var reason);
        Assert.That(read, Is.EqualTo(linktree is not null).And.EqualTo(reason is RejectionReason.None));
        return linktree is null ? $"<{reason}>" : Encoding.UTF8.GetString(linktree.Data.Span);
    }
}
