using System.Diagnostics;
using Koii.Ed25519;
using Koii.Ed25519.TestSupport;
using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>The implementations that are compared. <see cref="Absent"/> has the reasons why one is missing.</summary>
internal sealed class Contestants : IDisposable
{
    internal const int LargestBatch = Ed25519BatchVerifier.MaxCapacity;

    // About 20 ms a run, for the slowest as well.
    private const int ChecksOneByOne = 256;

    private static readonly int[] BatchSizes = [16, 64, 256, LargestBatch];

    private readonly List<IDisposable> _disposables = [];

    internal List<Contestant> All { get; } = [];

    internal List<string> Absent { get; } = [];

    internal static string OwnSingle(VectorPath path) => $"Koii.Ed25519, one by one, {path}";

    internal static string OwnBatch(VectorPath path, int size) => $"Koii.Ed25519, batches of {size}, {path}";

    internal void AddOwn()
    {
        foreach (var path in VectorPaths.All)
        {
            if (!VectorPaths.IsAccelerated(path))
            {
                Absent.Add($"{path}: the processor does not have the instructions.");
                continue;
            }

            All.Add(Contestant.OneByOne(
                OwnSingle(path), ChecksOneByOne, (set, i) => SignatureEquation.Verify(path, set.Keys[i], set.Messages[i], set.Signatures[i])));
            foreach (var size in BatchSizes)
                All.Add(new Contestant(OwnBatch(path, size), LargestBatch, set => AreValid(set, path, size)));
        }
    }

    internal void AddNative()
    {
        Add(NativeLibraries.Libsodium, LibsodiumEd25519.TryOpen());
        Add(NativeLibraries.OpenSsl, OpenSslEd25519.TryOpen());

        void Add(string name, NativeEd25519? native)
        {
            if (native is null)
            {
                Absent.Add($"{name}: not installed.");
                return;
            }

            _disposables.Add(native);
            All.Add(Contestant.OneByOne(native.Version, ChecksOneByOne, (set, i) => native.Verify(set.Keys[i], set.Messages[i], set.Signatures[i])));
        }
    }

    internal void AddBouncyCastle()
    {
        // The version of the assembly stays the same for all versions of the package.
        var library = FileVersionInfo.GetVersionInfo(typeof(BouncyCastleEd25519).Assembly.Location);
        All.Add(Contestant.OneByOne(
            $"BouncyCastle.Cryptography {library.FileVersion}",
            ChecksOneByOne,
            (set, i) => BouncyCastleEd25519.Verify(set.Signatures[i], set.Keys[i], set.Messages[i])));
    }

    public void Dispose() => _disposables.ForEach(disposable => disposable.Dispose());

    private static bool AreValid(SignatureSet set, VectorPath path, int size)
    {
        Span<bool> valid = stackalloc bool[size];
        var areValid = true;
        using var batch = new Ed25519BatchVerifier(size, keys: null, path);
        for (var start = 0; start < set.Count; start += size)
        {
            for (var i = start; i < start + size; i++)
                batch.Add(set.Keys[i], set.Messages[i], set.Signatures[i]);
            batch.Verify(valid);
            areValid &= !valid.Contains(false);
        }

        return areValid;
    }
}
