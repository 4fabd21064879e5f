using System.Buffers.Binary;
using System.IO.Hashing;

namespace Koii.DbSharing.Sqlite;

/// <summary>A task that is registered in the file.</summary>
/// <param name="number">The number of the task in the file.</param>
/// <param name="seed">The random bytes that are the seed of the hashes of its uuids.</param>
internal sealed class TaskRow(long number, ReadOnlySpan<byte> seed)
{
    /// <summary>
    /// How many bits of a row are the number of a change: up to 524,287 tasks, each with 17 trillion changes.
    /// </summary>
    private const int BitsOfChange = 44;

    private readonly long _seed = BinaryPrimitives.ReadInt64LittleEndian(seed);

    /// <summary>The greatest number of a task.</summary>
    internal const long MaxNumber = long.MaxValue >> BitsOfChange;

    /// <summary>The number of the task in the file.</summary>
    internal long Number => number;

    /// <summary>The last row that the task can have.</summary>
    internal long LastRow => RowOf((1L << BitsOfChange) - 1);

    /// <summary>Returns the row of the record or of the removal that a change added.</summary>
    internal long RowOf(long change) => (number << BitsOfChange) | change;

    /// <summary>Returns the number of the task that a row belongs to.</summary>
    internal static long NumberOf(long row) => row >> BitsOfChange;

    /// <summary>Returns the number of the change that added a row.</summary>
    internal static long ChangeOf(long row) => row & ((1L << BitsOfChange) - 1);

    /// <summary>
    /// Hashes a uuid for the index. The seed is random, so an author cannot choose uuids that collide and make the writer slow.
    /// </summary>
    internal long HashOf(ReadOnlySpan<byte> uuid) => (uint)XxHash3.HashToUInt64(uuid, _seed);
}
