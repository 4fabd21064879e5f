using System.Buffers;

namespace Koii.DbSharing.Records;

/// <summary>A text in canonical form, in a rented buffer that goes back when this is disposed of; or the reason why there is none.</summary>
internal readonly struct CanonicalJson : IDisposable
{
    private readonly byte[]? _rented;
    private readonly int _length;

    internal CanonicalJson(RejectionReason reason) => Reason = reason;

    internal CanonicalJson(byte[] rented, int length, int textDepth)
    {
        _rented = rented;
        _length = length;
        TextDepth = textDepth;
    }

    /// <summary><see cref="RejectionReason.None"/> when there is a canonical form.</summary>
    internal RejectionReason Reason { get; }

    /// <summary>The canonical form, never empty; it must not be used after <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _rented.AsSpan(0, _length);

    /// <summary>How many levels the text had. The canonical form may have fewer, where a repeated key dropped a deep value.</summary>
    internal int TextDepth { get; }

    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }
}
