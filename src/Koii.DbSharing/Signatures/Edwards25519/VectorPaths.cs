using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Koii.DbSharing.Signatures.Edwards25519;

/// <summary>Which paths this machine has.</summary>
internal static class VectorPaths
{
    /// <summary>All paths. Those that the machine has no instructions for are emulated, slowly, so that each can be tested everywhere.</summary>
    internal static IReadOnlyList<VectorPath> All { get; } = [VectorPath.Scalar, VectorPath.Vector256, VectorPath.Vector512];

    /// <summary>The path that is taken when nothing else is asked for.</summary>
    internal static VectorPath Best { get; } =
        IsAccelerated(VectorPath.Vector512) ? VectorPath.Vector512
        : IsAccelerated(VectorPath.Vector256) ? VectorPath.Vector256
        : VectorPath.Scalar;

    /// <summary>Whether the machine has the instructions of a path.</summary>
    internal static bool IsAccelerated(VectorPath path) => path switch
    {
        VectorPath.Vector512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported,
        VectorPath.Vector256 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };
}
