#if BOUNCY_CASTLE
using System.Diagnostics;
#endif
using Koii.DbSharing.Signatures;
using Koii.DbSharing.Signatures.Edwards25519;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>Who is compared. Reasons why someone is not go to <see cref="Absent"/>.</summary>
internal sealed class Contestants : IDisposable
{
    internal const int LargestBatch = 1024;

    // About 20 ms a run, for the slowest as well.
    private const int ChecksOneByOne = 256;

    private static readonly int[] BatchSizes = [16, 64, 256, LargestBatch];

    private readonly List<IDisposable> _disposables = [];

    internal List<Contestant> All { get; } = [];

    internal List<string> Absent { get; } = [];

    internal static string OwnSingle(VectorPath path) => $"Koii.DbSharing, one by one, {path}";

    internal static string OwnBatch(VectorPath path, int size) => $"Koii.DbSharing, batches of {size}, {path}";

    internal void AddOwn()
    {
        foreach (var path in VectorPaths.All)
        {
            if (!VectorPaths.IsAccelerated(path))
            {
                Absent.Add($"{path}: not on this machine, whose processor lacks the instructions.");
                continue;
            }

            All.Add(Contestant.OneByOne(OwnSingle(path), ChecksOneByOne, (set, i) => Ed25519.VerifyOn(path, set.Keys[i], set.Messages[i], set.Signatures[i])));
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
                Absent.Add($"{name}: the machine does not have it.");
                return;
            }

            _disposables.Add(native);
            All.Add(Contestant.OneByOne(
                native.Version, ChecksOneByOne, (set, i) => native.Verify(set.Keys[i].AsSpan(), set.Messages[i], set.Signatures[i].AsSpan())));
        }
    }

    internal void AddBouncyCastle()
    {
#if BOUNCY_CASTLE
        // The version of the assembly stays the same for all versions of the package.
        var library = FileVersionInfo.GetVersionInfo(typeof(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519).Assembly.Location);
        All.Add(Contestant.OneByOne($"{Path.GetFileNameWithoutExtension(library.FileName)} {library.FileVersion}", ChecksOneByOne, (set, i) => Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Verify(
            set.Signatures[i].AsSpan().ToArray(), 0, set.Keys[i].AsSpan().ToArray(), 0, set.Messages[i], 0, set.Messages[i].Length)));
#else
        Absent.Add("BouncyCastle: run with -p:BouncyCastlePackage=BouncyCastle.Cryptography, or the name of another package of its sources.");
#endif
    }

    public void Dispose() => _disposables.ForEach(disposable => disposable.Dispose());

    private static bool AreValid(SignatureSet set, VectorPath path, int size)
    {
        Span<bool> valid = stackalloc bool[size];
        var areValid = true;
        for (var start = 0; start < set.Count; start += size)
        {
            using var batch = new SignatureBatch(size, path);
            for (var i = start; i < start + size; i++)
                batch.Add(set.Keys[i], set.Messages[i], set.Signatures[i]);
            batch.Verify(valid);
            areValid &= !valid.Contains(false);
        }

        return areValid;
    }
}
