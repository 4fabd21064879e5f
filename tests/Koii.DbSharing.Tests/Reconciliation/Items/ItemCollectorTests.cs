using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Tests.Reconciliation.Items;

public sealed class ItemCollectorTests
{
    [Test]
    public void Tree_has_the_items_that_were_added_and_not_removed()
    {
        var random = new Random(1);
        for (var run = 0; run < 50; run++)
        {
            var (collector, model, stored) = (new ItemCollector(), new ItemTree(), new List<LinktreeVersion>());
            for (var page = 0; page < random.Next(20); page++)
            {
                LinktreeChange[] changes = [.. Enumerable.Range(0, random.Next(100)).Select(_ => Change(random, stored))];
                collector.Apply(changes);
                model.Apply(changes);
            }

            Assert.That(collector.ToTree().Snapshot().Summary, Is.EqualTo(model.Snapshot().Summary));
            Assert.That(model.Snapshot().Count, Is.EqualTo(stored.Count));
        }
    }

    [Test]
    public void Item_that_was_removed_and_added_again_is_in_the_tree_once()
    {
        var version = new LinktreeVersion(1000, SampleItems.Id(1));
        var collector = new ItemCollector();
        collector.Apply([Change(version, null), Change(null, version), Change(version, null)]);

        Assert.That(collector.ToTree().Snapshot().Count, Is.EqualTo(1));
    }

    private static LinktreeChange Change(Random random, List<LinktreeVersion> stored)
    {
        // Few times, so that most items differ by their ids only.
        var added = new LinktreeVersion(1_000 * random.Next(5), SampleItems.Id(random.Next()));
        if (stored.Count == 0 || random.Next(3) > 0)
        {
            stored.Add(added);
            return Change(added, null);
        }

        var index = random.Next(stored.Count);
        var removed = stored[index];
        stored.RemoveAt(index);
        if (random.Next(2) == 0)
            return Change(null, removed);
        stored.Add(added);
        return Change(added, removed);
    }

    // The tree does not look at the kind and the identity.
    private static LinktreeChange Change(LinktreeVersion? added, LinktreeVersion? removed) =>
        new(LinktreeChangeKind.Replaced, default, added, removed);
}
