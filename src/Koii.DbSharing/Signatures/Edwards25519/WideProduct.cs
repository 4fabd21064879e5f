using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>
/// A sum of products of two limbs, 128 bits wide. <see cref="UInt128"/> says the same, but the compiler of .NET 10 keeps this
/// type in registers and not that one: a field product took a third of the time.
/// </summary>
internal readonly struct WideProduct
{
    private readonly ulong _high, _low;

    private WideProduct(ulong high, ulong low)
    {
        _high = high;
        _low = low;
    }

    /// <summary>The lower half.</summary>
    internal ulong Low => _low;

    /// <summary>The product of two limbs. The low half is computed for itself: that is faster than storing what the wide product yields.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static WideProduct Product(ulong x, ulong y) => new(Math.BigMul(x, y, out _), x * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideProduct operator +(WideProduct a, WideProduct b)
    {
        var low = a._low + b._low;
        return new WideProduct(a._high + b._high + (low < b._low ? 1UL : 0UL), low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideProduct operator +(WideProduct a, ulong b)
    {
        var low = a._low + b;
        return new WideProduct(a._high + (low < b ? 1UL : 0UL), low);
    }

    /// <summary>The sum without its lowest <paramref name="bits"/> (1 to 63) bits; what remains must fit 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong ShiftRight(int bits) => (_high << (64 - bits)) | (_low >> bits);
}
