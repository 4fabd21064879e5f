using FsCheck;
using FsCheck.Fluent;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>Records in random batches, for tests that compare a store with <see cref="LinktreeModel"/>.</summary>
internal static class RandomDeliveries
{
    /// <summary>Runs a test on random deliveries; a failure prints its seed.</summary>
    internal static void Check(int deliveries, Func<Delivery, Task<bool>> test) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(deliveries),
        Prop.ForAll(Arb.From(Deliveries), delivery => test(delivery).GetAwaiter().GetResult()));

    /// <summary>Runs a test on random deliveries to a store with low bounds; a failure prints its seed.</summary>
    internal static void CheckBounded(int deliveries, Func<BoundedDelivery, Task<bool>> test) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(deliveries),
        Prop.ForAll(Arb.From(BoundedDeliveries), delivery => test(delivery).GetAwaiter().GetResult()));

    /// <summary>
    /// Creates the same records in the batches of several writers, each in an order of its own; prints the seed.
    /// </summary>
    internal static (SignedLinktree[] Records, SignedLinktree[][][] BatchesOfWriters) ForWriters(int seed, int writers, int records)
    {
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        SignedLinktree[] all =
        [
            .. Enumerable.Range(0, records).Select(_ => Create(
                random.Next(5), $"u{random.Next(6)}", random.Next(40), $"n{random.Next(2)}", deleted: random.Next(8) == 0)),
        ];
        SignedLinktree[][][] batches =
        [
            .. Enumerable.Range(0, writers).Select(_ => all.OrderBy(_ => random.Next()).Chunk(1 + random.Next(40)).ToArray()),
        ];
        return (all, batches);
    }

    /// <summary>
    /// Records of few authors, uuids, timestamps and names, so that they compete for identities, limits and order.
    /// </summary>
    internal static Gen<SignedLinktree> Records =>
        from author in Gen.Choose(1, 2)
        from uuid in Gen.Choose(1, 5)
        from timestamp in Gen.Choose(0, 6)
        from name in Gen.Choose(0, 2)
        from deleted in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select Create(author, $"u{uuid}", timestamp, $"n{name}", deleted);

    private static Gen<Delivery> Deliveries =>
        from linktreesPerAuthor in Gen.Choose(1, 4)
        from records in Gen.NonEmptyListOf(Records)
        from repeated in Gen.SubListOf(records.AsEnumerable())
        from order in Gen.Shuffle(records.Concat(repeated).ToArray())
        from batchSize in Gen.Choose(1, 9)
        select new Delivery(linktreesPerAuthor, [.. order.Chunk(batchSize)]);

    // About a third of the deliveries has more than 1 MiB.
    private static Gen<BoundedDelivery> BoundedDeliveries =>
        from linktreesPerAuthor in Gen.Choose(1, 4)
        from maxRecords in Gen.Frequency((2, Gen.Choose(1, 12)), (1, Gen.Choose(20, 60)))
        from records in (
            from author in Gen.Choose(1, 12)
            from uuid in Gen.Choose(1, 5)
            from timestamp in Gen.Choose(0, 20)
            from bytes in Gen.Frequency((1, Gen.Choose(100, 200)), (3, Gen.Choose(30_000, SignedLinktree.MaxDataBytes)))
            select Sized(author, $"u{uuid}", timestamp, bytes)).ArrayOf(80)
        from batchSize in Gen.Choose(1, 9)
        select new BoundedDelivery(linktreesPerAuthor, maxRecords, [.. records.Chunk(batchSize)]);

    /// <summary>Names the records of a batch for the message of a failure.</summary>
    internal static string Text(IEnumerable<SignedLinktree> batch) => string.Join(", ", batch.Select(record =>
        $"{record.Author.ToString()[..4]}/{record.Uuid}@{record.Timestamp}{(record.IsTombstone ? "†" : "")}{(record.Data.Length > 200 ? $"({record.Data.Length})" : "")}"));

    internal sealed record BoundedDelivery(int LinktreesPerAuthor, int MaxRecords, IReadOnlyList<SignedLinktree[]> Batches)
    {
        public override string ToString() => $"{LinktreesPerAuthor} per author, {MaxRecords} in all: {string.Join(" | ", Batches.Select(Text))}";
    }

    internal sealed record Delivery(int LinktreesPerAuthor, IReadOnlyList<SignedLinktree[]> Batches)
    {
        public override string ToString() => $"{LinktreesPerAuthor} per author: {string.Join(" | ", Batches.Select(Text))}";
    }
}
