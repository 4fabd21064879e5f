using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Tests.Storage;

/// <summary>Compares the tree with a sorted set. The number of entries is large enough for three levels.</summary>
public sealed class EntryTreeTests
{
    private const int Count = 10_000;

    private static readonly InMemoryEntry[] Ascending =
        [.. Enumerable.Range(0, Count).Select(i => new InMemoryEntry(Create(uuid: $"u{i}", timestamp: i), i))];

    private static readonly InMemoryEntry[] OfOneTime =
        [.. Enumerable.Range(0, Count).Select(i => new InMemoryEntry(Create(uuid: $"u{i}"), i)).OrderBy(entry => entry.Linktree.Version)];

    private static IEnumerable<TestCaseData> Orders()
    {
        var random = new Random(1);
        yield return new TestCaseData((object)Ascending).SetArgDisplayNames("ascending");
        yield return new TestCaseData((object)Ascending.Reverse().ToArray()).SetArgDisplayNames("descending");
        yield return new TestCaseData((object)Ascending.OrderBy(_ => random.Next()).ToArray()).SetArgDisplayNames("random");
        yield return new TestCaseData((object)Ascending.OrderBy(entry => entry.Linktree.Timestamp % 97).ToArray()).SetArgDisplayNames("97 sequences");
        yield return new TestCaseData((object)OfOneTime.OrderBy(_ => random.Next()).ToArray()).SetArgDisplayNames("one time");
    }

    [Test]
    public void Empty_tree_has_no_entries()
    {
        var tree = new EntryTree();

        Assert.That(tree.Count, Is.Zero);
        Assert.That(tree.After(null), Is.Empty);
        Assert.That(tree.After(Ascending[5].Linktree.Version), Is.Empty);
    }

    [TestCaseSource(nameof(Orders))]
    public void Entries_ascend_in_any_order_of_arrival_and_of_removal(object order)
    {
        var entries = (InMemoryEntry[])order;
        var random = new Random(2);
        var (tree, model) = (new EntryTree(), new SortedDictionary<LinktreeVersion, InMemoryEntry>());
        foreach (var entry in entries)
            Add(entry);
        AssertSame(tree, model, random);

        // Most go in the order in which they came, so that whole nodes become empty, and come again.
        foreach (var entry in entries.Where((_, i) => i % 100 > 0))
            Remove(entry);
        AssertSame(tree, model, random);
        foreach (var entry in entries.Where((_, i) => i % 100 > 50))
            Add(entry);
        AssertSame(tree, model, random);

        foreach (var entry in model.Values.OrderBy(_ => random.Next()).ToArray())
        {
            Remove(entry);
            if (model.Count % 1000 == 0)
                AssertSame(tree, model, random);
        }

        foreach (var entry in entries)
            Add(entry);
        AssertSame(tree, model, random);

        void Add(InMemoryEntry entry)
        {
            tree.Add(entry);
            model.Add(entry.Linktree.Version, entry);
        }

        void Remove(InMemoryEntry entry)
        {
            tree.Remove(entry);
            model.Remove(entry.Linktree.Version);
        }
    }

    [Test]
    public void Entries_that_remain_after_most_were_removed_take_little_memory()
    {
        const int Kept = 100;
        var tree = new EntryTree();
        foreach (var entry in Ascending)
            tree.Add(entry);
        foreach (var entry in Ascending.Where((_, i) => i % (Count / Kept) > 0))
            tree.Remove(entry);

        var leaves = 0;
        for (var leaf = tree.FirstLeaf; leaf is not null; leaf = leaf.Next)
            leaves++;

        Assert.That(leaves, Is.LessThan(Kept / 8), "sparse leaves are merged");
    }

    private static void AssertSame(EntryTree tree, SortedDictionary<LinktreeVersion, InMemoryEntry> model, Random random)
    {
        Assert.That(tree.Count, Is.EqualTo(model.Count));
        Assert.That(tree.After(null), Is.EqualTo(model.Values));
        if (model.Count > 0)
            Assert.That(tree.First, Is.SameAs(model.Values.First()));
        for (var i = 0; i < 20; i++)
        {
            var version = (random.Next(2) == 0 ? Ascending : OfOneTime)[random.Next(Count)].Linktree.Version;
            Assert.That(tree.After(version), Is.EqualTo(model.Where(entry => entry.Key > version).Select(entry => entry.Value)));
        }
    }
}
