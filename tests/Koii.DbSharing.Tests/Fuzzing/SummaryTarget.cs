using System.Text;
using Koii.DbSharing.Peers;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Summaries of peers: an accepted summary has valid values, and is read again from its written form.
/// </summary>
internal sealed class SummaryTarget : FuzzTarget<PeerSummary?>
{
    public override IEnumerable<byte[]> Seeds => new[]
    {
        """{"protocol":1,"count":0,"fingerprint":"7f9c9e31ac8256ca2f258583df262dbc","perAuthor":16,"reconcile":true}""",
        """{"protocol":1,"count":9223372036854775807,"fingerprint":"00000000000000000000000000000001","perAuthor":1,"reconcile":false,"more":[{}]}""",
        """ {"reconcile":null,"perAuthor":2147483647,"fingerprint":"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF","count":1e3,"protocol":1} """,
        """{"protocol":2,"count":-1,"fingerprint":"\ud800","perAuthor":0}""",
    }.Select(Encoding.UTF8.GetBytes);

    protected override ValueTask<PeerSummary?> ReadAsync(byte[] input) => new(PeerSummaryReader.TryRead(input, out var summary) ? summary : null);

    protected override int Check(byte[] input, PeerSummary? summary)
    {
        if (summary is null)
            return 0;
        Assert.That(summary.Set.Count, Is.Not.Negative);
        Assert.That(summary.LinktreesPerAuthor, Is.Positive);
        var canReconcile = summary.CanReconcile ? "true" : "false";
        var written = $$"""
            {"protocol":1,"count":{{summary.Set.Count}},"fingerprint":"{{summary.Set.Fingerprint:x32}}",
            "perAuthor":{{summary.LinktreesPerAuthor}},"reconcile":{{canReconcile}}}
            """;
        Assert.That(PeerSummaryReader.TryRead(Encoding.UTF8.GetBytes(written), out var again), Is.True);
        Assert.That(again, Is.EqualTo(summary));
        return HashCode.Combine(summary.CanReconcile, summary.Set.Count == 0, summary.LinktreesPerAuthor == 1);
    }
}
