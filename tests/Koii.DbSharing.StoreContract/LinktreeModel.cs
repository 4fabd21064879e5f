using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Koii.DbSharing.StoreContract;

/// <summary>
/// The state of a node as a function of the records that it has received (protocol §1), in the simplest code, for
/// comparison with stores.
/// </summary>
public static class LinktreeModel
{
    /// <summary>Returns the newest record of each identity, and of these the newest of each author, oldest first.</summary>
    public static IReadOnlyList<SignedLinktree> StateAfter(IEnumerable<SignedLinktree> received, int linktreesPerAuthor) =>
    [
        .. received
            .GroupBy(linktree => linktree.Key)
            .Select(versions => versions.MaxBy(linktree => linktree.Version)!)
            .GroupBy(linktree => linktree.Author)
            .SelectMany(identities => identities.OrderByDescending(linktree => linktree.Version).Take(linktreesPerAuthor))
            .OrderBy(linktree => linktree.Version),
    ];

    /// <summary>Computes the number and the fingerprint of a set of records (protocol §5).</summary>
    public static SetSummary Summarize(IReadOnlyCollection<SignedLinktree> linktrees)
    {
        var sum = BigInteger.Zero;
        foreach (var linktree in linktrees)
            sum += new BigInteger(linktree.Id.AsSpan(), isUnsigned: true);

        var bytes = (sum % BigInteger.Pow(2, 256)).ToByteArray(isUnsigned: true);
        var input = new byte[32].Select((_, i) => i < bytes.Length ? bytes[i] : (byte)0).Concat(Varint(linktrees.Count)).ToArray();
        var digest = Convert.ToHexString(SHA256.HashData(input).AsSpan(0, 16));
        return new SetSummary(linktrees.Count, UInt128.Parse(digest, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private static IEnumerable<byte> Varint(int value) =>
        value < 128 ? [(byte)value] : Varint(value >> 7).Select(digit => (byte)(digit | 0x80)).Append((byte)(value & 0x7F));
}
