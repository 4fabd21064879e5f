namespace Koii.DbSharing;

/// <summary>How many records got which verdict.</summary>
public sealed record VerdictCounts
{
    /// <summary>No record at all.</summary>
    public static VerdictCounts None { get; } = new();

    /// <summary>Records of new identities that were stored.</summary>
    public long Inserted { get; init; }

    /// <summary>Records that took the place of older versions.</summary>
    public long Replaced { get; init; }

    /// <summary>Records that were held already.</summary>
    public long Unchanged { get; init; }

    /// <summary>Records older than what is held.</summary>
    public long Superseded { get; init; }

    /// <summary>Records too far ahead of this node's clock.</summary>
    public long NotYetValid { get; init; }

    /// <summary>Records of new authors that a full store did not take.</summary>
    public long Full { get; init; }

    /// <summary>Refused records by reason; reasons that did not occur are absent. Equality of counts compares this by content.</summary>
    public IReadOnlyDictionary<RejectionReason, long> RejectedByReason { get; init; } = new Dictionary<RejectionReason, long>().AsReadOnly();

    /// <summary>Refused records in sum.</summary>
    public long Rejected => RejectedByReason.Values.Sum();

    /// <summary>All records that got a verdict.</summary>
    public long Total => Inserted + Replaced + Unchanged + Superseded + NotYetValid + Full + Rejected;

    /// <summary>Whether every count is the same.</summary>
    /// <param name="other">The counts to compare with.</param>
    /// <returns><see langword="true"/> when they are.</returns>
    public bool Equals(VerdictCounts? other) =>
        other is not null
        && Inserted == other.Inserted && Replaced == other.Replaced && Unchanged == other.Unchanged
        && Superseded == other.Superseded && NotYetValid == other.NotYetValid && Full == other.Full
        && RejectedByReason.Count == other.RejectedByReason.Count
        && RejectedByReason.All(pair => other.RejectedByReason.TryGetValue(pair.Key, out var count) && count == pair.Value);

    /// <summary>What there is more than none of, for people: <c>2 inserted, 1 rejected (BadSignature)</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        var reasons = string.Join(", ", RejectedByReason.OrderBy(pair => pair.Key).Select(pair => RejectedByReason.Count == 1 ? $"{pair.Key}" : $"{pair.Value} {pair.Key}"));
        (long Count, string Name)[] counts =
        [
            (Inserted, "inserted"), (Replaced, "replaced"), (Unchanged, "unchanged"), (Superseded, "superseded"),
            (NotYetValid, "not yet valid"), (Full, "without room"), (Rejected, $"rejected ({reasons})"),
        ];
        return string.Join(", ", counts.Where(count => count.Count > 0).Select(count => $"{count.Count} {count.Name}").DefaultIfEmpty("no records"));
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Inserted, Replaced, Unchanged, Superseded, NotYetValid, Full, Rejected);
}
