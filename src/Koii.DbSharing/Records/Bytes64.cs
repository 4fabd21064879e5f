using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Records;

/// <summary>Sixty-four bytes stored inline, so that a signature needs no allocation.</summary>
[InlineArray(Size)]
internal struct Bytes64
{
    internal const int Size = 64;

    private byte _first;

    internal static Bytes64 From(ReadOnlySpan<byte> source)
    {
        var bytes = new Bytes64();
        source.CopyTo(bytes);
        return bytes;
    }
}
