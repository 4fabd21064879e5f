using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Koii.DbSharing.Records;

internal sealed record LinktreeListLimits(long MaxBytes, int MaxElements, int MaxElementBytes);

internal sealed record LinktreeListPage(IReadOnlyList<SignedLinktree> Linktrees, IReadOnlyDictionary<RejectionReason, int> Malformed, LinktreeListEnd End);

internal enum LinktreeListEnd { More, Complete, NotAList, Interrupted, TooLarge }

internal static class LinktreeReader
{
    internal static async IAsyncEnumerable<LinktreeListPage> ReadListAsync(Stream stream, LinktreeListLimits limits, [EnumeratorCancellation] CancellationToken ct)
    {
        var memory = new MemoryStream();
        var buffer = new byte[8192];
        int n;
        while ((n = await stream.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0 && memory.Length <= limits.MaxBytes)
            memory.Write(buffer, 0, n);
        var (good, bad, end) = Parse(memory.ToArray(), limits);
        yield return new LinktreeListPage(good, bad, end);
    }

    private static (List<SignedLinktree>, Dictionary<RejectionReason, int>, LinktreeListEnd) Parse(byte[] bytes, LinktreeListLimits limits)
    {
        var good = new List<SignedLinktree>();
        var bad = new Dictionary<RejectionReason, int>();
        var span = bytes.AsSpan();
        if (span.StartsWith(new byte[] { 0xEF, 0xBB, 0xBF }))
            span = span[3..];
        if (bytes.Length > limits.MaxBytes)
            return (good, bad, LinktreeListEnd.TooLarge);
        if (span.TrimStart(" \r\n\t"u8) is not [(byte)'[', ..])
            return (good, bad, LinktreeListEnd.NotAList);
        var reader = new Utf8JsonReader(span);
        try
        {
            reader.Read();
            var count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (++count > limits.MaxElements)
                    return (good, bad, LinktreeListEnd.TooLarge);
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var element = span[start..(int)reader.BytesConsumed];
                var reason = RejectionReason.Malformed;
                if (element.Length > limits.MaxElementBytes)
                    reason = RejectionReason.TooLarge;
                else
                {
                    using var document = JsonDocument.Parse(element.ToArray());
                    var root = document.RootElement;
                    if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("value", out var value))
                        root = value;
                    if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("publicKey", out var key) && root.TryGetProperty("signature", out var signature)
                        && root.TryGetProperty("data", out var data) && PublicKey.TryParse(key.GetString(), out var author) && LinktreeSignature.TryParse(signature.GetString(), out var sig)
                        && SignedLinktree.TryCreate(author, sig, System.Text.Encoding.UTF8.GetBytes(data.GetRawText()), out var linktree, out reason))
                    {
                        good.Add(linktree);
                        continue;
                    }
                }

                bad[reason] = bad.GetValueOrDefault(reason) + 1;
            }

            return (good, bad, LinktreeListEnd.Complete);
        }
        catch (JsonException)
        {
            return (good, bad, LinktreeListEnd.Interrupted);
        }
    }
}
