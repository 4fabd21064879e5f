using System.Buffers;
using System.Text;
using Koii.DbSharing.Records;

namespace Koii.DbSharing;

/// <summary>
/// Writes records in their wire forms (protocol §1 and §3), without allocations except those of the output.
/// </summary>
/// <remarks>All members are safe for use by multiple threads, if each has its own output.</remarks>
public static class LinktreeWriter
{
    /// <summary>
    /// Writes a record as <c>{"data":…,"publicKey":"…","signature":"…"}</c>, the form of <c>/list</c>.
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="linktree">The record. Its data is written byte for byte.</param>
    public static void WriteRecord(IBufferWriter<byte> output, SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(linktree);
        WriteRecord(output, linktree, username: []);
    }

    /// <summary>Writes a record as the body of a submission, <c>{"payload":&lt;record&gt;}</c> (protocol §3.4).</summary>
    /// <param name="output">The output.</param>
    /// <param name="linktree">The record. Its data is written byte for byte.</param>
    public static void WriteSubmission(IBufferWriter<byte> output, SignedLinktree linktree)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(linktree);
        output.Write("{\"payload\":"u8);
        WriteRecord(output, linktree, username: []);
        output.Write("}"u8);
    }

    /// <summary>
    /// Writes a record as <c>{"key":"linktree:&lt;publicKey&gt;","value":&lt;record&gt;}</c>, the form of <c>/all</c>.
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="linktree">The record.</param>
    /// <param name="resourceName">
    /// The part of the key before the colon: <see cref="DbSharingOptions.ResourceName"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="resourceName"/> is empty or contains characters other than letters, digits, <c>-</c>, <c>_</c>,
    /// <c>.</c> and <c>~</c>.
    /// </exception>
    public static void WriteKeyedRecord(IBufferWriter<byte> output, SignedLinktree linktree, string resourceName)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(linktree);
        ArgumentException.ThrowIfNullOrEmpty(resourceName);
        if (resourceName.AsSpan().ContainsAnyExcept(ResourceCharacters))
            throw new ArgumentException(
                $"A resource name consists of letters, digits, '-', '_', '.' and '~'; '{resourceName}' contains other characters.",
                nameof(resourceName));

        WriteKeyedRecord(output, linktree, resourceName, username: []);
    }

    /// <summary>Writes a record in the form of <c>/list</c>, with a member <c>username</c>.</summary>
    /// <param name="output">The output.</param>
    /// <param name="linktree">The record.</param>
    /// <param name="username">A JSON string with its quotes, or nothing for no such member.</param>
    internal static void WriteRecord(IBufferWriter<byte> output, SignedLinktree linktree, ReadOnlySpan<byte> username)
    {
        output.Write("{\"data\":"u8);
        output.Write(linktree.Data.Span);
        output.Write(",\"publicKey\":\""u8);
        WriteBase58(output, linktree.Author.AsSpan());
        output.Write("\",\"signature\":\""u8);
        WriteBase58(output, linktree.Signature.AsSpan());
        output.Write("\""u8);
        if (!username.IsEmpty)
        {
            output.Write(",\"username\":"u8);
            output.Write(username);
        }

        output.Write("}"u8);
    }

    /// <summary>Writes a record in the form of <c>/all</c>, with a member <c>username</c>.</summary>
    /// <param name="output">The output.</param>
    /// <param name="linktree">The record.</param>
    /// <param name="resourceName">The part of the key before the colon. It is not validated.</param>
    /// <param name="username">A JSON string with its quotes, or nothing for no such member.</param>
    internal static void WriteKeyedRecord(IBufferWriter<byte> output, SignedLinktree linktree, string resourceName, ReadOnlySpan<byte> username)
    {
        output.Write("{\"key\":\""u8);
        Encoding.UTF8.GetBytes(resourceName, output);
        output.Write(":"u8);
        WriteBase58(output, linktree.Author.AsSpan());
        output.Write("\",\"value\":"u8);
        WriteRecord(output, linktree, username);
        output.Write("}"u8);
    }

    private static readonly SearchValues<char> ResourceCharacters =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");

    private static void WriteBase58(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes) =>
        output.Advance(Base58Text.Encode(bytes, output.GetSpan(Base58Text.MaxLength)));
}
