using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Keys of advisory locks. All applications of a database share one space of 64-bit numbers, so they are drawn from a hash.</summary>
internal static class AdvisoryKeys
{
    /// <summary>Held while the schema is brought up to date. The schema is the same for all tasks, so the key is too.</summary>
    internal static long Schema { get; } = KeyOf("koii-dbsharing/schema");

    /// <summary>Held by the process that runs the rounds of a task.</summary>
    internal static long LeaseOf(string taskId) => KeyOf("koii-dbsharing/lease/" + taskId);

    private static long KeyOf(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
