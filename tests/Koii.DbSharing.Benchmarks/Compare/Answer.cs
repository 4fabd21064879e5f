using System.Text.Json;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>What a process answers to a command, in JSON.</summary>
internal sealed record Answer
{
    /// <summary>The names as JavaScript writes them.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Of the bodies that it received, as they came.</summary>
    public long Bytes { get; init; }

    /// <summary>What kept a round from its end, or <see langword="null"/>.</summary>
    public string? Failure { get; init; }

    /// <summary>Of the records that it holds.</summary>
    public string? Digest { get; init; }

    /// <summary>Of the records in each list that it read.</summary>
    public IReadOnlyList<string> Digests { get; init; } = [];
}
