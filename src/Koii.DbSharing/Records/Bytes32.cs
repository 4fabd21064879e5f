using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Records;

/// <summary>Thirty-two bytes stored inline, so that keys and ids need no allocation.</summary>
[InlineArray(Size)]
internal struct Bytes32
{
    internal const int Size = 32;

    private byte _first;

    internal static Bytes32 From(ReadOnlySpan<byte> source)
    {
        var bytes = new Bytes32();
        source.CopyTo(bytes);
        return bytes;
    }
}
