using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>A hash of a set of records, in any order. The signature covers the data. <c>protocol.js</c> computes the same.</summary>
internal static class RecordDigest
{
    internal static string Of(IEnumerable<SignedLinktree> records) => Of(records.Select(record => $"{record.Author} {record.Signature}"));

    /// <summary>The digest of the records of a list in the form of <c>/all</c>.</summary>
    internal static string OfList(byte[] list)
    {
        using var entries = JsonDocument.Parse(list);
        return Of(entries.RootElement.EnumerateArray().Select(entry => entry.GetProperty("value"))
            .Select(record => $"{record.GetProperty("publicKey").GetString()} {record.GetProperty("signature").GetString()}"));
    }

    private static string Of(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines.Order(StringComparer.Ordinal)))));
}
