using System.Globalization;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.PostgreSql.Tests.Concurrency;

/// <summary>
/// The records that eight processes write: each a part of one set, in an order of its own, and each record by several.
/// </summary>
internal static class Deliveries
{
    internal const int Writers = 8;

    internal const int PerAuthor = 3;

    /// <summary>The settings of writers and readers; the feed is read from its start.</summary>
    internal static DbSharingOptions Options
    {
        get
        {
            var options = Samples.Options(PerAuthor);
            options.MaxRetainedChanges = 1_000_000;
            return options;
        }
    }

    /// <summary>
    /// Creates versions of few identities, many with the same timestamp, of authors beyond twice their limit.
    /// </summary>
    internal static SignedLinktree[] AllRecords(int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, 3000).Select(_ => Samples.Create(
                random.Next(60), $"u{random.Next(8)}", random.Next(200), $"n{random.Next(4)}", deleted: random.Next(10) == 0)),
        ];
    }

    /// <summary>Waits for a line before it connects, then puts its part and writes a line for each batch.</summary>
    internal static async Task DeliverAsync(string connectionString, int seed, int writer)
    {
        var batches = Batches(seed, writer);
        await using var store = new PostgreSqlLinktreeStore(connectionString, Options);
        Console.WriteLine("ready");
        Console.ReadLine();
        for (var number = 0; number < batches.Count; number++)
        {
            await store.PutAsync(batches[number]);
            Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static List<SignedLinktree[]> Batches(int seed, int writer)
    {
        var random = new Random(unchecked((seed * 31) + writer));
        SignedLinktree[] part = [.. AllRecords(seed).Where((_, i) => i % Writers == writer || random.Next(2) == 0)];
        random.Shuffle(part);
        var batches = new List<SignedLinktree[]>();
        for (var first = 0; first < part.Length; first += batches[^1].Length)
            batches.Add([.. part.Skip(first).Take(1 + random.Next(60))]);
        return batches;
    }
}
