using System.Security.Cryptography;
using System.Text;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Tests.Reconciliation;

/// <summary>Creates items: those of the known values, and random ones.</summary>
internal static class SampleItems
{
    /// <summary>Computes SHA-256 of <c>item</c> and the number, as in the known values of protocol §5.</summary>
    public static LinktreeId Id(int number) => new(SHA256.HashData(Encoding.ASCII.GetBytes($"item{number}")));

    public static SetItem Item(ulong time, int number) => new(time, Id(number));

    /// <summary>
    /// Creates an item whose time and id are likely to be close to others: few different times, long common prefixes,
    /// zero bytes.
    /// </summary>
    public static SetItem Random(Random random)
    {
        var id = new byte[LinktreeId.Size];
        random.NextBytes(id.AsSpan(random.Next(4) == 0 ? random.Next(LinktreeId.Size) : 0));
        return new SetItem((ulong)(random.Next(3) == 0 ? random.Next(4) : random.Next(1_000_000)), new LinktreeId(id));
    }

    /// <summary>Creates random items in random order, all with different ids, as records have.</summary>
    public static SetItem[] Random(Random random, int count)
    {
        var items = new Dictionary<LinktreeId, SetItem>();
        while (items.Count < count)
        {
            var item = Random(random);
            items[item.Id] = item;
        }

        return [.. items.Values];
    }

    public static ItemSet SetOf(IEnumerable<SetItem> items)
    {
        var tree = new ItemTree();
        foreach (var item in items)
            tree.Add(item);
        return tree.Snapshot();
    }
}
