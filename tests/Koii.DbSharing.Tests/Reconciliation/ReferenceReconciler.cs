using System.Numerics;
using System.Security.Cryptography;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Tests.Reconciliation;

/// <summary>
/// A second, slow implementation of protocol §5 over a sorted array, byte lists and big integers, to compare every
/// message with. It does not validate its input.
/// </summary>
internal sealed class ReferenceReconciler(IEnumerable<SetItem> items, int frameLimit, bool isInitiator)
{
    private static readonly (ulong Time, byte[] Prefix) Infinity = (ulong.MaxValue, []);

    private readonly SetItem[] _items = [.. items.Order()];
    private ulong _timeRead;
    private ulong _timeWritten;

    public HashSet<string> Have { get; } = [];

    public HashSet<string> Need { get; } = [];

    public byte[] Start()
    {
        _timeWritten = 0;
        return [0x61, .. Parts(0, _items.Length, Infinity)];
    }

    public byte[] Answer(byte[] message)
    {
        (_timeRead, _timeWritten) = (0, 0);
        List<byte> answer = [0x61];
        var unread = new Queue<byte>(message.Skip(1));
        var (lower, previous, skips, written) = (0, (0UL, Array.Empty<byte>()), false, 0);
        while (unread.Count > 0)
        {
            var bound = ReadBound(unread);
            var upper = _items.Count(item => IsBefore(item, bound));
            var mode = ReadNumber(unread);
            List<byte> added = [];
            byte[] theirs = [];
            switch (mode)
            {
                case 1 when (theirs = Take(unread, 16)).SequenceEqual(Fingerprint(lower, upper)):
                case 0:
                    skips = true;
                    break;
                case 1:
                    AddSkip();
                    added.AddRange(Parts(lower, upper, bound));
                    break;
                case 2 when isInitiator:
                    var ids = Enumerable.Range(0, (int)ReadNumber(unread)).Select(_ => Convert.ToHexStringLower(Take(unread, 32)));
                    Compare(ids.ToHashSet(), lower, upper);
                    skips = true;
                    break;
                default:
                    for (var count = ReadNumber(unread); count > 0; count--)
                        Take(unread, 32);
                    AddSkip();
                    var listed = lower;
                    while (listed < upper && answer.Count + (32 * (listed - lower)) <= frameLimit - 200)
                        listed++;
                    var end = listed < upper ? (_items[listed].Time, _items[listed].Id.AsSpan().ToArray()) : bound;
                    upper = listed;
                    answer.AddRange([.. added, .. Bound(end), 2, .. Number((ulong)(upper - lower)), .. Ids(lower, upper)]);
                    added.Clear();
                    break;
            }

            if (answer.Count + added.Count > frameLimit - 200)
            {
                var repeats = Fingerprint(upper, _items.Length).SequenceEqual(theirs);
                return [.. answer, .. Bound(Infinity), 1, .. Fingerprint(repeats ? written : upper, _items.Length)];
            }

            answer.AddRange(added);
            written = skips ? written : upper;
            (lower, previous) = (upper, bound);

            void AddSkip()
            {
                if (skips)
                    added.AddRange([.. Bound(previous), 0]);
                skips = false;
            }
        }

        return [.. answer];
    }

    private List<byte> Parts(int lower, int upper, (ulong, byte[]) bound)
    {
        if (upper - lower < 32)
            return [.. Bound(bound), 2, .. Number((ulong)(upper - lower)), .. Ids(lower, upper)];

        List<byte> parts = [];
        var (count, from) = (upper - lower, lower);
        for (var part = 0; part < 16; part++)
        {
            var to = from + (count / 16) + (part < count % 16 ? 1 : 0);
            parts.AddRange([.. Bound(to == upper ? bound : Between(_items[to - 1], _items[to])), 1, .. Fingerprint(from, to)]);
            from = to;
        }

        return parts;
    }

    private void Compare(HashSet<string> theirs, int lower, int upper)
    {
        var ours = _items[lower..upper].Select(item => item.Id.ToString()).ToHashSet();
        Have.UnionWith(ours.Except(theirs));
        Need.UnionWith(theirs.Except(ours));
    }

    private byte[] Fingerprint(int lower, int upper)
    {
        var sum = BigInteger.Zero;
        foreach (var item in _items[lower..upper])
            sum += new BigInteger(item.Id.AsSpan(), isUnsigned: true);
        var bytes = (sum % BigInteger.Pow(2, 256)).ToByteArray(isUnsigned: true);
        Array.Resize(ref bytes, 32);
        return SHA256.HashData([.. bytes, .. Number((ulong)(upper - lower))])[..16];
    }

    private IEnumerable<byte> Ids(int lower, int upper) => _items[lower..upper].SelectMany(item => item.Id.AsSpan().ToArray());

    private byte[] Bound((ulong Time, byte[] Prefix) bound)
    {
        byte[] time = bound.Time == ulong.MaxValue ? [0] : [.. Number(1 + bound.Time - _timeWritten)];
        _timeWritten = bound.Time;
        return [.. time, .. Number((ulong)bound.Prefix.Length), .. bound.Prefix];
    }

    private (ulong Time, byte[] Prefix) ReadBound(Queue<byte> unread)
    {
        var time = ReadNumber(unread);
        _timeRead = time == 0 ? ulong.MaxValue : _timeRead + time - 1;
        return (_timeRead, Take(unread, (int)ReadNumber(unread)));
    }

    private static (ulong, byte[]) Between(SetItem left, SetItem right)
    {
        var shared = 0;
        while (left.Time == right.Time && left.Id.AsSpan()[shared] == right.Id.AsSpan()[shared])
            shared++;
        return (right.Time, left.Time == right.Time ? right.Id.AsSpan()[..(shared + 1)].ToArray() : []);
    }

    private static bool IsBefore(SetItem item, (ulong Time, byte[] Prefix) bound)
    {
        var padded = bound.Prefix.ToArray();
        Array.Resize(ref padded, 32);
        return item.Time < bound.Time || (item.Time == bound.Time && item.Id.AsSpan().SequenceCompareTo(padded) < 0);
    }

    private static IEnumerable<byte> Number(ulong value) =>
        value < 128 ? [(byte)value] : [.. Number(value >> 7).Select(digit => (byte)(digit | 0x80)), (byte)(value & 0x7F)];

    private static ulong ReadNumber(Queue<byte> unread)
    {
        var value = 0UL;
        byte digit;
        do
        {
            digit = unread.Dequeue();
            value = (value << 7) | (digit & 0x7Fu);
        }
        while (digit >= 0x80);
        return value;
    }

    private static byte[] Take(Queue<byte> unread, int count) => [.. Enumerable.Range(0, count).Select(_ => unread.Dequeue())];
}
