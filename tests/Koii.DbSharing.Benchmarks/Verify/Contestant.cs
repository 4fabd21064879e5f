using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>An implementation that verifies signatures, and the time of its fastest run.</summary>
/// <param name="name">Its name in the table.</param>
/// <param name="checks">The number of signatures of a set that one run verifies.</param>
/// <param name="areValid">Verifies that number of signatures and returns whether all are valid.</param>
internal sealed class Contestant(string name, int checks, Func<SignatureSet, bool> areValid)
{
    internal string Name { get; } = name;

    /// <summary>Microseconds a signature, the least of all runs: a disturbance only makes a run longer.</summary>
    internal double Fastest { get; private set; } = double.PositiveInfinity;

    /// <summary>An implementation that verifies one signature at a time.</summary>
    internal static Contestant OneByOne(string name, int checks, Func<SignatureSet, int, bool> isValid) =>
        new(name, checks, set =>
        {
            for (var i = 0; i < checks; i++)
            {
                if (!isValid(set, i))
                    return false;
            }

            return true;
        });

    /// <summary>Whether the implementation accepts valid signatures and rejects an invalid one among them.</summary>
    internal bool Works(SignatureSet set) => areValid(set) && !areValid(set.Spoil(checks / 2));

    internal void Run(SignatureSet set)
    {
        var start = Stopwatch.GetTimestamp();
        if (!areValid(set))
            throw new InvalidOperationException($"{Name} rejected a valid signature.");
        Fastest = Math.Min(Fastest, Stopwatch.GetElapsedTime(start).TotalMicroseconds / checks);
    }
}
