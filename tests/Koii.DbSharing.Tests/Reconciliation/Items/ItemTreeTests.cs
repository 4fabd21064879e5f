using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Tests.Reconciliation.Items;

/// <summary>Compares the tree with a sorted list. The number of items is large enough for three levels.</summary>
public sealed class ItemTreeTests
{
    [Test]
    public void Empty_set_has_no_items()
    {
        var set = new ItemTree().Snapshot();

        Assert.That(set.Count, Is.Zero);
        Assert.That(set.PositionOf(RangeBound.At(5, [])), Is.EqualTo(new BoundPosition(RangeBound.At(5, []), default)));
        Assert.That(set.RunAt(0, 0).Length, Is.Zero);
    }

    [Test]
    public void Tree_equals_a_sorted_list_after_random_edits_and_snapshots_do_not_change() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var (tree, model) = (new ItemTree(), new SortedSet<SetItem>());
            var snapshots = new List<(ItemSet Set, SetItem[] Model)>();
            for (var phase = 0; phase < 6; phase++)
            {
                Edit(tree, model, random, edits: random.Next(3_000), addProbability: random.NextDouble());
                snapshots.Add((tree.Snapshot(), [.. model]));
            }

            foreach (var (set, items) in snapshots)
                AssertSame(set, items, random);
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Tree_of_three_levels_equals_a_sorted_list()
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
    public void Tree_of_ascending_items_equals_a_sorted_list_before_and_after_random_edits(
        [Values(0, 1, 127, 128, 129, 8_192, 8_193, 20_000)] int count)
    {
        var random = new Random(count);
        SetItem[] items = [.. SampleItems.Random(random, count).Order()];
        var (tree, model) = (new ItemTree(items), new SortedSet<SetItem>(items));
        var full = tree.Snapshot();
        AssertSame(full, items, random);

        Edit(tree, model, random, edits: 3_000, addProbability: 0.5);

        AssertSame(tree.Snapshot(), [.. model], random);
        AssertSame(full, items, random);
    }

    [Test]
    public void Node_whose_last_item_was_removed_takes_items_again([Values] bool isBulk)
    {
        // One item more than fills a branch, so that it is alone in a leaf and a branch.
        SetItem[] items = [.. Enumerable.Range(0, 8_193).Select(i => SampleItems.Item((ulong)i, i))];
        var tree = new ItemTree(isBulk ? items : []);
        foreach (var item in items)
            tree.Add(item);

        tree.Remove(items[^1]);
        tree.Add(items[^1]);
        AssertSame(tree.Snapshot(), items, new Random(1));
        foreach (var item in items)
            tree.Remove(item);
        tree.Add(items[5]);

        AssertSame(tree.Snapshot(), [items[5]], new Random(1));
    }

    [Test]
    public void Items_in_ascending_order_take_less_than_45_bytes()
    {
        var items = Enumerable.Range(0, 50_000).Select(i => SampleItems.Item((ulong)i, i)).ToArray();

        Assert.That(BytesPerItem(items), Is.LessThan(45));
    }

    [Test]
    public void Items_in_any_order_take_less_than_100_bytes_even_after_most_were_removed()
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

    private static void Edit(ItemTree tree, SortedSet<SetItem> model, Random random, int edits, double addProbability)
    {
        for (var edit = 0; edit < edits; edit++)
        {
            var item = SampleItems.Random(random);
            if (random.NextDouble() < addProbability)
            {
                tree.Add(item);
                model.Add(item);
            }
            else
            {
                // The next item of the set after the random one, if there is one.
                var existing = model.GetViewBetween(item, new SetItem(ulong.MaxValue, default)).FirstOrDefault(item);
                tree.Remove(existing);
                model.Remove(existing);
            }
        }
    }

    private static void AssertSame(ItemSet set, SetItem[] model, Random random)
    {
        var listed = new List<SetItem>();
        while (listed.Count < model.Length)
            listed.AddRange(set.RunAt(listed.Count, model.Length));
        Assert.That(listed, Is.EqualTo(model));
        Assert.That(set.End, Is.EqualTo(new BoundPosition(RangeBound.Infinity, SumOf(model))));
        Assert.That(set.RunAt(0, set.Count / 2).Length, Is.LessThanOrEqualTo(set.Count / 2));

        for (var trial = 0; trial < 20; trial++)
        {
            var item = SampleItems.Random(random);
            var bound = RangeBound.At(item.Time, item.Id.AsSpan()[..random.Next(33)]);
            var rank = model.Count(other => other.CompareTo(bound.Lowest) < 0);
            Assert.That(set.PositionOf(bound), Is.EqualTo(new BoundPosition(bound, SumOf(model.AsSpan(0, rank)))));
            if (rank > 0 && rank < model.Length)
                Assert.That(
                    set.PositionBefore(rank),
                    Is.EqualTo(new BoundPosition(RangeBound.Between(model[rank - 1], model[rank]), SumOf(model.AsSpan(0, rank)))));
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
