using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Koii.Ed25519.Curve.Vectors;

/// <summary>
/// How the lanes move between the two products of a formula of <see cref="QuadPoint"/>. The names of values are those
/// of Hisil and others.
/// </summary>
internal static class QuadMaps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pick(Lanes256 limb, long lane0, long lane1, long lane2, long lane3) =>
        Vector256.Shuffle(limb.Value, Vector256.Create(lane0, lane1, lane2, lane3));

    /// <summary>Keeps lanes where the factor is 1, clears them where it is 0 and negates them where it is −1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Times(Vector256<double> limb, double lane0, double lane1, double lane2, double lane3) =>
        limb * Vector256.Create(lane0, lane1, lane2, lane3);

    /// <summary>X, Y, Z, T → X, Y, 2Z, 2X.</summary>
    internal readonly struct LeftOfDouble : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Times(Pick(limb, 0, 1, 2, 0), 1, 1, 2, 2));
    }

    /// <summary>X, Y, Z, T → X, Y, Z, Y.</summary>
    internal readonly struct RightOfDouble : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Pick(limb, 0, 1, 2, 1));
    }

    /// <summary>X², Y², 2Z², 2XY → E, G, F, E, where E = 2XY, G = Y² − X², F = G − 2Z².</summary>
    internal readonly struct LeftOfDoubled : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) =>
            new(Pick(limb, 3, 1, 1, 3) - Times(Pick(limb, 0, 0, 0, 0), 0, 1, 1, 0) - Times(limb.Value, 0, 0, 1, 0));
    }

    /// <summary>X², Y², 2Z², 2XY → F, H, G, H, where H = −X² − Y².</summary>
    internal readonly struct RightOfDoubled : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) =>
            new(Times(Pick(limb, 1, 0, 1, 0), 1, -1, 1, -1) - Pick(limb, 0, 1, 0, 1) - Times(Pick(limb, 2, 2, 2, 2), 1, 0, 0, 0));
    }

    /// <summary>X, Y, Z, T → Y − X, Y + X, Z, T.</summary>
    internal readonly struct DifferenceAndSum : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Pick(limb, 1, 1, 2, 3) + Times(Pick(limb, 0, 0, 2, 3), -1, 1, 0, 0));
    }

    /// <summary>A, B, D, C → E, G, F, E, where E = B − A, G = D + C, F = D − C.</summary>
    internal readonly struct LeftOfAdded : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Pick(limb, 1, 2, 2, 1) + Times(Pick(limb, 0, 3, 3, 0), -1, 1, -1, -1));
    }

    /// <summary>A, B, D, C → F, H, G, H, where H = B + A.</summary>
    internal readonly struct RightOfAdded : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Pick(limb, 2, 1, 2, 1) + Times(Pick(limb, 3, 0, 3, 0), -1, 1, 1, 1));
    }

    /// <summary>Y − X, Y + X, 2Z, 2d·T → the same of the negated point.</summary>
    internal readonly struct Negated : ILaneMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes256 Map(Lanes256 limb) => new(Times(Pick(limb, 1, 0, 2, 3), 1, 1, 1, -1));
    }
}
