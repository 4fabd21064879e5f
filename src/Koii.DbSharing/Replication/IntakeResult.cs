namespace Koii.DbSharing.Replication;

/// <summary>What became of a page of records.</summary>
/// <param name="Verdicts">One for each record, in the page's order. None at all where <paramref name="Fault"/> is set.</param>
/// <param name="FailedChecks">How many signature checks failed. A repeated record is checked once.</param>
/// <param name="EarliestDue">When the first of the records that came too early is due, in milliseconds since the Unix epoch.</param>
/// <param name="Fault">What the verifier or the policy threw against its contract. Nothing of the page was stored then.</param>
internal sealed record IntakeResult(IReadOnlyList<Verdict> Verdicts, int FailedChecks, long? EarliestDue, RoleFault? Fault = null);
