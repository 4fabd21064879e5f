namespace Koii.DbSharing.Replication;

/// <summary>The result of processing one batch.</summary>
/// <param name="Verdicts">One verdict for each record, in the order of the batch. Empty if <paramref name="Fault"/> is set.</param>
/// <param name="FailedChecks">The number of failed signature checks. A repeated record is checked once.</param>
/// <param name="EarliestDue">The time at which the first of the records that are too early becomes due, in milliseconds since the Unix epoch.</param>
/// <param name="Fault">The exception of the verifier or the policy. Nothing of the batch was stored then.</param>
internal sealed record BatchResult(IReadOnlyList<Verdict> Verdicts, int FailedChecks, long? EarliestDue, ServiceFault? Fault = null);

/// <summary>An exception that a service threw although its contract allows none.</summary>
/// <param name="Service">The name of the service's interface.</param>
/// <param name="Exception">The exception.</param>
internal sealed record ServiceFault(string Service, Exception Exception);
