using System.Buffers;
using System.Text.Unicode;

namespace Koii.DbSharing.Records;

/// <summary>
/// The canonical form of a JSON text (protocol §1), in a rented buffer that <see cref="Dispose"/> returns; or the
/// reason why the text has none.
/// </summary>
/// <remarks>
/// The canonical form is the UTF-8 encoding of <c>JSON.stringify(JSON.parse(text))</c>. It is written in one pass from
/// bytes to bytes, without a document tree and without recursion. Time is linear in the length of the text, times its
/// depth where keys are repeated or numeric at each level; memory is a small multiple of the length.
/// </remarks>
internal readonly struct CanonicalJson : IDisposable
{
    /// <summary>
    /// The maximum length of a text in bytes: above any limit of a list or a request, and low enough that no length
    /// overflows.
    /// </summary>
    internal const int MaxTextBytes = 64 * 1024 * 1024;

    private readonly byte[]? _rented;
    private readonly int _length;

    internal CanonicalJson(RejectionReason reason) => Reason = reason;

    internal CanonicalJson(byte[] rented, int length, int textDepth)
    {
        _rented = rented;
        _length = length;
        TextDepth = textDepth;
    }

    /// <summary><see cref="RejectionReason.None"/> if there is a canonical form.</summary>
    internal RejectionReason Reason { get; }

    /// <summary>The canonical form, which is never empty. It must not be used after <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _rented.AsSpan(0, _length);

    /// <summary>
    /// The depth of the text. The canonical form has fewer levels where a repeated key removed the deepest value.
    /// </summary>
    internal int TextDepth { get; }

    /// <summary>Converts a text into its canonical form.</summary>
    /// <param name="text">
    /// The JSON text as UTF-8. As in <c>JSON.parse</c>, a byte order mark is not part of JSON.
    /// </param>
    /// <param name="maxDepth">The maximum number of levels of objects and arrays; a scalar has none.</param>
    /// <returns>
    /// The canonical form, or <see cref="RejectionReason.Malformed"/>, <see cref="RejectionReason.TooDeep"/> or
    /// <see cref="RejectionReason.TooLarge"/>. The caller disposes it exactly once. No text causes an exception.
    /// </returns>
    internal static CanonicalJson Create(ReadOnlySpan<byte> text, int maxDepth)
    {
        if (text.Length > MaxTextBytes)
            return new CanonicalJson(RejectionReason.TooLarge);
        if (!Utf8.IsValid(text))
            return new CanonicalJson(RejectionReason.Malformed);

        var canonicalizer = new JsonCanonicalizer(text, maxDepth, stackalloc int[64], stackalloc JsonMember[32]);
        return canonicalizer.Run();
    }

    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }
}
