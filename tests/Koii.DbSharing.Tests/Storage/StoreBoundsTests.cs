using Koii.DbSharing.Storage;

namespace Koii.DbSharing.Tests.Storage;

public sealed class StoreBoundsTests
{
    private static readonly StoreBounds Bounds = new(MaxRecords: 40, MaxBytes: 2000);

    [TestCase(37, 38, false, ExpectedResult = true)]
    [TestCase(38, 39, false, ExpectedResult = false)]
    [TestCase(38, 39, true, ExpectedResult = true)]
    [TestCase(39, 40, true, ExpectedResult = true)]
    [TestCase(40, 41, true, ExpectedResult = false)]
    [TestCase(40, 40, false, ExpectedResult = true)]
    [TestCase(50, 50, false, ExpectedResult = true)]
    [TestCase(50, 51, true, ExpectedResult = false)]
    public bool Records_are_bounded_with_a_reserve_for_what_is_held(long before, long after, bool isHeld) =>
        Bounds.Allow(new StoreSize(before, 1), new StoreSize(after, 1), isHeld);

    [TestCase(0, 1900, false, ExpectedResult = true)]
    [TestCase(0, 1901, false, ExpectedResult = false)]
    [TestCase(0, 2000, true, ExpectedResult = true)]
    [TestCase(0, 2001, true, ExpectedResult = false)]
    [TestCase(3000, 2999, false, ExpectedResult = true)]
    [TestCase(3000, 3001, true, ExpectedResult = false)]
    public bool Bytes_are_bounded_with_a_reserve_for_what_is_held(long before, long after, bool isHeld) =>
        Bounds.Allow(new StoreSize(1, before), new StoreSize(1, after), isHeld);

    [TestCase(1, 1)]
    [TestCase(19, 19)]
    [TestCase(20, 19)]
    [TestCase(long.MaxValue, long.MaxValue - (long.MaxValue / 20))]
    public void Reserve_is_a_twentieth_rounded_down(long bound, long forNew)
    {
        var bounds = new StoreBounds(bound, StoreBounds.MinMaxBytes);

        Assert.That(bounds.Allow(default, new StoreSize(forNew, 0), isHeld: false), Is.True);
        Assert.That(bound > forNew && bounds.Allow(default, new StoreSize(forNew + 1, 0), isHeld: false), Is.False);
    }
}
