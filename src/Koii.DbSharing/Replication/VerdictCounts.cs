namespace Koii.DbSharing;

/// <summary>The number of records for each verdict.</summary>
public sealed record VerdictCounts
{
    /// <summary>Zero for every verdict.</summary>
    public static VerdictCounts None { get; } = new();

    /// <summary>Stored records of new identities.</summary>
    public long Inserted { get; init; }

    /// <summary>Stored records that replaced older versions.</summary>
    public long Replaced { get; init; }

    /// <summary>Records that were already held.</summary>
    public long Unchanged { get; init; }

    /// <summary>Records older than the version held.</summary>
    public long Superseded { get; init; }

    /// <summary>Records too far ahead of this node's clock.</summary>
    public long NotYetValid { get; init; }

    /// <summary>Records of new authors that a full store did not accept.</summary>
    public long Full { get; init; }

    /// <summary>Rejected records by reason; reasons that did not occur are absent. Equality compares it by content.</summary>
    public IReadOnlyDictionary<RejectionReason, long> RejectedByReason { get; init; } = new Dictionary<RejectionReason, long>().AsReadOnly();

    /// <summary>Rejected records in total.</summary>
    public long Rejected => RejectedByReason.Values.Sum();

    /// <summary>All records.</summary>
    public long Total => Inserted + Replaced + Unchanged + Superseded + NotYetValid + Full + Rejected;

    /// <summary>Compares every count.</summary>
    /// <param name="other">The counts to compare with.</param>
    /// <returns>Whether all counts are equal.</returns>
    public bool Equals(VerdictCounts? other) =>
        other is not null
        && Inserted == other.Inserted && Replaced == other.Replaced && Unchanged == other.Unchanged
        && Superseded == other.Superseded && NotYetValid == other.NotYetValid && Full == other.Full
        && RejectedByReason.Count == other.RejectedByReason.Count
        && RejectedByReason.All(pair => other.RejectedByReason.TryGetValue(pair.Key, out var count) && count == pair.Value);

    /// <summary>Formats the counts greater than zero for display: <c>2 inserted, 1 rejected (BadSignature)</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        var reasons = string.Join(", ", RejectedByReason.OrderBy(pair => pair.Key).Select(pair => RejectedByReason.Count == 1 ? $"{pair.Key}" : $"{pair.Value} {pair.Key}"));
        (long Count, string Name)[] counts =
        [
            (Inserted, "inserted"), (Replaced, "replaced"), (Unchanged, "unchanged"), (Superseded, "superseded"),
            (NotYetValid, "not yet valid"), (Full, "full"), (Rejected, $"rejected ({reasons})"),
        ];
        return string.Join(", ", counts.Where(count => count.Count > 0).Select(count => $"{count.Count} {count.Name}").DefaultIfEmpty("no records"));
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Inserted, Replaced, Unchanged, Superseded, NotYetValid, Full, Rejected);
}
