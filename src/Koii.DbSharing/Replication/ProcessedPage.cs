namespace Koii.DbSharing.Replication;

/// <summary>A page of a peer whose records are decided and, where they stay, stored.</summary>
/// <param name="Page">The page.</param>
/// <param name="Verdicts">One verdict for each record, in the order of the page. Empty if a service threw.</param>
/// <param name="Failure">The failure of processing that ends the pull, if any: a service that threw, or too many bad signatures.</param>
internal readonly record struct ProcessedPage(PeerPage Page, IReadOnlyList<Verdict> Verdicts, PeerFailure? Failure = null);
