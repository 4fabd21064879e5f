using System.Security.Cryptography;
using System.Text;
using Koii.DbSharing.Reconciliation;

namespace Koii.DbSharing.Tests.Reconciliation;

public sealed class IdSumTests
{
    [Test]
    public void Fingerprint_of_the_empty_set_equals_the_known_value() =>
        Assert.That(Hex(default), Is.EqualTo("7f9c9e31ac8256ca2f258583df262dbc"));

    [Test]
    public void Fingerprint_of_the_zero_id_equals_the_known_value() =>
        Assert.That(Hex(Sum(default(LinktreeId))), Is.EqualTo("1fd4247443c9440cb3c48c2885193719"));

    [Test]
    public void Fingerprint_of_the_id_one_equals_the_known_value() =>
        Assert.That(Hex(Sum(One)), Is.EqualTo("2e255099d6d6bee307c8e7075acc78f9"));

    [Test]
    public void Sum_overflows_at_2_to_the_256() =>
        Assert.That(Hex(Sum(AllOnes, One)), Is.EqualTo("58cc2f44d3a27866874701fbad573da9"));

    [Test]
    public void Count_of_two_digits_is_written_most_significant_digit_first() =>
        Assert.That(Hex(Sum([.. Items(200)])), Is.EqualTo("eff887a81a72f21ffb724f8ae4231691"));

    [Test]
    public void Subtraction_undoes_addition_in_any_order()
    {
        var sum = Sum([.. Items(200), AllOnes, One]);

        sum.Subtract(One);
        foreach (var item in Items(200).Take(50))
            sum.Subtract(item);
        sum.Subtract(AllOnes);

        Assert.That(sum, Is.EqualTo(Sum([.. Items(200).Skip(50).Reverse()])));
        Assert.That(sum.Count, Is.EqualTo(150));
    }

    [Test]
    public void Subtraction_borrows_through_all_limbs()
    {
        var sum = default(IdSum);

        sum.Subtract(One);
        sum.Add(One);
        sum.Subtract(AllOnes);
        sum.Add(AllOnes);

        Assert.That(sum, Is.EqualTo(default(IdSum)));
    }

    private static LinktreeId One => new([1, .. new byte[31]]);

    private static LinktreeId AllOnes => new([.. Enumerable.Repeat(byte.MaxValue, 32)]);

    private static IEnumerable<LinktreeId> Items(int count) =>
        Enumerable.Range(0, count).Select(i => new LinktreeId(SHA256.HashData(Encoding.ASCII.GetBytes($"item{i}"))));

    private static string Hex(IdSum sum) => sum.ToFingerprint().ToString("x32");

    private static IdSum Sum(params IEnumerable<LinktreeId> ids)
    {
        var sum = new IdSum();
        foreach (var id in ids)
            sum.Add(id);
        return sum;
    }
}
