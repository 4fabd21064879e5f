using System.Runtime.Intrinsics.X86;

namespace Koii.Ed25519;

/// <summary>The paths, and those for which the processor has the instructions.</summary>
internal static class VectorPaths
{
    /// <summary>
    /// All paths. Where the processor lacks the instructions the runtime emulates them, slowly, so every path can be
    /// tested on every machine.
    /// </summary>
    internal static IReadOnlyList<VectorPath> All { get; } = [VectorPath.Scalar, VectorPath.Vector256];

    /// <summary>The fastest path of this machine.</summary>
    internal static VectorPath Best { get; } = IsAccelerated(VectorPath.Vector256) ? VectorPath.Vector256 : VectorPath.Scalar;

    /// <summary>Whether the processor has the instructions of a path.</summary>
    internal static bool IsAccelerated(VectorPath path) => path switch
    {
        VectorPath.Vector256 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };
}
