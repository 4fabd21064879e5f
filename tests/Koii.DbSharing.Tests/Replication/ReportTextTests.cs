namespace Koii.DbSharing.Tests.Replication;

public sealed class ReportTextTests
{
    private static readonly VerdictCounts Counts = new()
    {
        Inserted = 2,
        Full = 1,
        RejectedByReason = new Dictionary<RejectionReason, long> { [RejectionReason.BadSignature] = 3, [RejectionReason.Malformed] = 1 },
    };

    [Test]
    public void Counts_show_the_verdicts_that_occurred() =>
        Assert.That(Counts.ToString(), Is.EqualTo("2 inserted, 1 full, 4 rejected (1 Malformed, 3 BadSignature)"));

    [Test]
    public void Counts_of_zero_show_no_records() =>
        Assert.That(VerdictCounts.None.ToString(), Is.EqualTo("no records"));

    [Test]
    public void Round_is_shown_on_one_line()
    {
        var failed = new PeerReport(NodeAddress.Parse("http://b.example")) { Failure = new PeerFailure(PeerFailureKind.Unreachable) { Detail = "No connection could be made." } };
        var unchanged = new PeerReport(NodeAddress.Parse("http://a.example")) { Path = PeerPath.NotModified };
        var report = new ReplicationReport(RoundOutcome.Completed) { Nodes = new NodeListing([]) { Problems = ["The list is old."] }, Verdicts = Counts, Peers = [unchanged, failed] };

        Assert.That(unchanged.ToString(), Is.EqualTo("http://a.example: not modified"));
        Assert.That((unchanged with { Path = PeerPath.InSync, Verdicts = Counts }).ToString(), Is.EqualTo($"http://a.example: in sync, {Counts}"));
        Assert.That(failed.ToString(), Is.EqualTo("http://b.example: no records; Unreachable. No connection could be made."));
        Assert.That(report.ToString(), Is.EqualTo($"Completed: 1 of 2 peers read, {Counts}; The list is old."));
    }
}
