using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Tests.Reconciliation.Items;

/// <summary>The tree against a sorted list. Counts are such that it grows to three levels and shrinks again.</summary>
public sealed class ItemTreeTests
{
    [Test]
    public void Empty_set_has_nothing_anywhere()
    {
        var set = new ItemTree().Snapshot();

        Assert.That(set.Count, Is.Zero);
        Assert.That(set.PlaceOf(RangeBound.At(5, [])), Is.EqualTo(new Place(RangeBound.At(5, []), default)));
        Assert.That(set.RunAt(0, 0).Length, Is.Zero);
    }

    [Test]
    public void Tree_is_a_sorted_list_under_random_edits_and_its_snapshots_stay_as_they_were() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var (tree, model) = (new ItemTree(), new SortedSet<SetItem>());
            var snapshots = new List<(ItemSet Set, SetItem[] Model)>();
            for (var phase = 0; phase < 6; phase++)
            {
                Edit(tree, model, random, edits: random.Next(3_000), chanceToAdd: random.NextDouble());
                snapshots.Add((tree.Snapshot(), [.. model]));
            }

            foreach (var (set, items) in snapshots)
                AssertSame(set, items, random);
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Tree_of_three_levels_is_a_sorted_list()
    {
        var random = new Random(7);
        var (tree, model) = (new ItemTree(), new SortedSet<SetItem>());
        foreach (var item in SampleItems.Random(random, 40_000))
        {
            tree.Add(item);
            model.Add(item);
        }

        var full = (Set: tree.Snapshot(), Model: model.ToArray());
        foreach (var item in full.Model.Where(_ => random.Next(20) > 0))
        {
            tree.Remove(item);
            model.Remove(item);
        }

        AssertSame(tree.Snapshot(), [.. model], random);
        AssertSame(full.Set, full.Model, random);
    }

    [Test]
    public void Items_in_ascending_order_fill_their_leaves()
    {
        var items = Enumerable.Range(0, 50_000).Select(i => SampleItems.Item((ulong)i, i)).ToArray();

        Assert.That(BytesPerItem(items), Is.LessThan(45));
    }

    [Test]
    public void Items_in_any_order_take_less_than_100_bytes_also_after_most_were_removed()
    {
        var random = new Random(3);
        var items = SampleItems.Random(random, 50_000);
        var removed = items.Where(_ => random.Next(4) > 0).ToArray();

        Assert.That(BytesPerItem(items), Is.LessThan(100));
        Assert.That(BytesPerItem(items, removed), Is.LessThan(100));
        Assert.That(BytesPerItem(items, [.. removed.Order()]), Is.LessThan(100));
    }

    private static double BytesPerItem(SetItem[] added, params SetItem[] removed)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var tree = new ItemTree();
        foreach (var item in added)
            tree.Add(item);
        foreach (var item in removed)
            tree.Remove(item);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var count = tree.Sum.Count;
        Assert.That(count, Is.EqualTo(added.Length - removed.Length));
        return (double)bytes / count;
    }

    private static void Edit(ItemTree tree, SortedSet<SetItem> model, Random random, int edits, double chanceToAdd)
    {
        for (var edit = 0; edit < edits; edit++)
        {
            var item = SampleItems.Random(random);
            if (random.NextDouble() < chanceToAdd)
            {
                tree.Add(item);
                model.Add(item);
            }
            else
            {
                // One that is there, where there is one behind the random one.
                var there = model.GetViewBetween(item, new SetItem(ulong.MaxValue, default)).FirstOrDefault(item);
                tree.Remove(there);
                model.Remove(there);
            }
        }
    }

    private static void AssertSame(ItemSet set, SetItem[] model, Random random)
    {
        var listed = new List<SetItem>();
        while (listed.Count < model.Length)
            listed.AddRange(set.RunAt(listed.Count, model.Length));
        Assert.That(listed, Is.EqualTo(model));
        Assert.That(set.End, Is.EqualTo(new Place(RangeBound.Infinity, SumOf(model))));
        Assert.That(set.RunAt(0, set.Count / 2).Length, Is.LessThanOrEqualTo(set.Count / 2));

        for (var trial = 0; trial < 20; trial++)
        {
            var item = SampleItems.Random(random);
            var bound = RangeBound.At(item.Time, item.Id.AsSpan()[..random.Next(33)]);
            var rank = model.Count(other => other.CompareTo(bound.Lowest) < 0);
            Assert.That(set.PlaceOf(bound), Is.EqualTo(new Place(bound, SumOf(model.AsSpan(0, rank)))));
            if (rank > 0 && rank < model.Length)
                Assert.That(set.PlaceBefore(rank), Is.EqualTo(new Place(RangeBound.Between(model[rank - 1], model[rank]), SumOf(model.AsSpan(0, rank)))));
        }
    }

    private static IdSum SumOf(ReadOnlySpan<SetItem> items)
    {
        var sum = new IdSum();
        foreach (var item in items)
            sum.Add(item.Id);
        return sum;
    }
}
