using FsCheck;
using FsCheck.Fluent;

namespace Koii.DbSharing.StoreContract;

/// <summary>A random history of a store and of the readers of its change feed.</summary>
/// <param name="LinktreesPerAuthor">The limit of the store.</param>
/// <param name="MaxRetainedChanges">
/// The limit of the feed: at least the number of changes of one batch, so that a reader can follow.
/// </param>
/// <param name="Steps">What happens.</param>
internal sealed record FeedHistory(int LinktreesPerAuthor, int MaxRetainedChanges, IReadOnlyList<FeedHistory.Step> Steps)
{
    /// <summary>Runs a test on random histories; a failure prints its seed.</summary>
    internal static void Check(int histories, Func<FeedHistory, Task<bool>> test) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(histories),
        Prop.ForAll(Arb.From(Histories), history => test(history).GetAwaiter().GetResult()));

    public override string ToString() =>
        $"{LinktreesPerAuthor} per author, {MaxRetainedChanges} retained: {string.Join("; ", Steps)}";

    // A record makes two changes at most: it evicts another one and is inserted.
    private static Gen<FeedHistory> Histories =>
        from linktreesPerAuthor in Gen.Choose(1, 4)
        from batchSize in Gen.Choose(1, 4)
        from maxRetainedChanges in Gen.Choose(2 * batchSize, (2 * batchSize) + 6)
        from steps in Gen.NonEmptyListOf(Gen.Frequency(
            (6, RandomDeliveries.Records.NonEmptyListOf().Select(Step (records) => new Put([.. records.Take(batchSize)]))),
            (6, Reads),
            (1, Gen.Constant<Step>(new Age())),
            (1, Gen.Constant<Step>(new StartAtEnd())),
            (1, Gen.Constant<Step>(new Move()))))
        select new FeedHistory(linktreesPerAuthor, maxRetainedChanges, [.. steps]);

    // The newest positions most often, so that some readers reach the end.
    private static Gen<Step> Reads =>
        from back in Gen.Frequency((2, Gen.Choose(0, 2)), (1, Gen.Choose(0, 1000)))
        from limit in Gen.Choose(1, 3)
        select (Step)new Read(back, limit);

    internal abstract record Step;

    /// <summary>Puts a batch.</summary>
    internal sealed record Put(SignedLinktree[] Batch) : Step
    {
        public override string ToString() => $"put {RandomDeliveries.Text(Batch)}";
    }

    /// <summary>Reads a page from the position that was returned before so many others, or from the start.</summary>
    internal sealed record Read(int Back, int Limit) : Step;

    /// <summary>Advances the clock and puts a record that is stored in any case.</summary>
    internal sealed record Age : Step;

    /// <summary>A reader starts at the end of the feed.</summary>
    internal sealed record StartAtEnd : Step;

    /// <summary>Continues with another store over the same data, if the stores can do so.</summary>
    internal sealed record Move : Step;
}
