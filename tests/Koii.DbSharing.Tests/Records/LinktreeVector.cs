using System.Text.Json;

namespace Koii.DbSharing.Tests.Records;

/// <summary>A record of <c>vectors/linktrees.json</c>, created with JavaScript.</summary>
public sealed record LinktreeVector(
    string Name,
    string DataText,
    string Canonical,
    string CanonicalUtf8Hex,
    string PublicKey,
    string Signature,
    string RecordId,
    string Uuid,
    long Timestamp)
{
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<LinktreeVector> All { get; } =
        JsonSerializer.Deserialize<List<LinktreeVector>>(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "linktrees.json")), CamelCase)!;

    public override string ToString() => Name;
}
