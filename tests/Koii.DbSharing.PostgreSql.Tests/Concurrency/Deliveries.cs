using System.Globalization;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests.Concurrency;

/// <summary>What eight processes write: each its part of one set, in an order of its own, and each record by several of them.</summary>
internal static class Deliveries
{
    internal const int Writers = 8;

    internal const int PerAuthor = 3;

    /// <summary>The settings of writers and readers: the feed is read from its start.</summary>
    internal static DbSharingOptions Options
    {
        get
        {
            var options = SampleLinktrees.Options(PerAuthor);
            options.MaxRetainedChanges = 1_000_000;
            return options;
        }
    }

    /// <summary>Versions of few identities, many with the same timestamp, of authors that have more than twice as many as they may keep.</summary>
    internal static SignedLinktree[] AllRecords(int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, 3000).Select(_ => SampleLinktrees.Create(
                random.Next(60), $"u{random.Next(8)}", random.Next(200), $"n{random.Next(4)}", deleted: random.Next(10) == 0)),
        ];
    }

    /// <summary>Connects to nothing until it is given a line, then puts its part and writes a line for each page.</summary>
    internal static async Task DeliverAsync(string connectionString, int seed, int writer)
    {
        var pages = Pages(seed, writer);
        await using var store = new PostgreSqlLinktreeStore(connectionString, Options);
        Console.WriteLine("ready");
        Console.ReadLine();
        for (var number = 0; number < pages.Count; number++)
        {
            await store.PutAsync(pages[number]);
            Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static List<SignedLinktree[]> Pages(int seed, int writer)
    {
        var random = new Random(unchecked((seed * 31) + writer));
        SignedLinktree[] part = [.. AllRecords(seed).Where((_, i) => i % Writers == writer || random.Next(2) == 0)];
        random.Shuffle(part);
        var pages = new List<SignedLinktree[]>();
        for (var first = 0; first < part.Length; first += pages[^1].Length)
            pages.Add([.. part.Skip(first).Take(1 + random.Next(60))]);
        return pages;
    }
}
