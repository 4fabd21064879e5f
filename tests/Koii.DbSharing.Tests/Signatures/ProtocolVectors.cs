using System.Text.Json;

namespace Koii.DbSharing.Tests.Signatures;

/// <summary>
/// The signed records of the protocol, <c>vectors/linktrees.json</c>; a seed is thirty-two times its <c>seedByte</c>.
/// </summary>
internal static class ProtocolVectors
{
    internal static IReadOnlyList<JsonElement> Read()
    {
        var path = Path.Combine(TestContext.CurrentContext.TestDirectory, "vectors", "linktrees.json");
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. vectors.RootElement.Clone().EnumerateArray()];
    }

    internal static SignedLinktree ToLinktree(JsonElement vector)
    {
        PublicKey.TryParse(vector.GetProperty("publicKey").GetString(), out var author);
        LinktreeSignature.TryParse(vector.GetProperty("signature").GetString(), out var signature);
        var data = Convert.FromHexString(vector.GetProperty("canonicalUtf8Hex").GetString()!);
        return SignedLinktree.TryCreate(author, signature, data, out var linktree, out var reason) ? linktree : throw new InvalidOperationException($"{reason}");
    }
}
