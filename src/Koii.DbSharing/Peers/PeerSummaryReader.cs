using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Koii.DbSharing.Reconciliation;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Reads a peer's summary. Unknown members are ignored; where a required one is missing or wrong, the text is not a
/// summary.
/// </summary>
internal static class PeerSummaryReader
{
    private const int FingerprintDigits = 32;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out PeerSummary? summary)
    {
        summary = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            summary = Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, most often an HTML page; or a string with an unpaired surrogate.
        }

        return summary is not null;
    }

    private static PeerSummary? Read(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object
            || !TryGet(root, "protocol", JsonValueKind.Number, out var protocol)
            || !protocol.TryGetInt32(out var version) || version != ProtocolExtension.Version
            || !TryGet(root, "count", JsonValueKind.Number, out var countMember)
            || !countMember.TryGetInt64(out var count) || count < 0
            || !TryGet(root, "perAuthor", JsonValueKind.Number, out var perAuthorMember)
            || !perAuthorMember.TryGetInt32(out var perAuthor) || perAuthor < 1
            || !TryGet(root, "fingerprint", JsonValueKind.String, out var fingerprintMember)
            || fingerprintMember.GetString() is not { Length: FingerprintDigits } digits
            || !UInt128.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var fingerprint))
        {
            return null;
        }

        var canReconcile = root.TryGetProperty("reconcile", out var reconcile) && reconcile.ValueKind is JsonValueKind.True;
        return new PeerSummary(new SetSummary(count, fingerprint), perAuthor) { CanReconcile = canReconcile };
    }

    private static bool TryGet(JsonElement root, string name, JsonValueKind kind, out JsonElement member) =>
        root.TryGetProperty(name, out member) && member.ValueKind == kind;
}
