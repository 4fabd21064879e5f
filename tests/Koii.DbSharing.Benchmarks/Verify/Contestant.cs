using System.Diagnostics;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>A way to check signatures, and how long it took when it was fastest.</summary>
/// <param name="name">Its name in the table.</param>
/// <param name="checks">How many signatures of a set one run checks.</param>
/// <param name="areValid">Checks so many, and says whether all of them are valid.</param>
internal sealed class Contestant(string name, int checks, Func<SignatureSet, bool> areValid)
{
    internal string Name { get; } = name;

    /// <summary>Microseconds a check, the least of all runs: what disturbs a run only makes it longer.</summary>
    internal double Fastest { get; private set; } = double.PositiveInfinity;

    /// <summary>One that checks signature after signature.</summary>
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

    /// <summary>Whether it does what it is timed for: takes good signatures and refuses a bad one among them.</summary>
    internal bool Works(SignatureSet set) => areValid(set) && !areValid(set.Spoil(checks / 2));

    internal void Run(SignatureSet set)
    {
        var start = Stopwatch.GetTimestamp();
        if (!areValid(set))
            throw new InvalidOperationException($"{Name} refused a good signature.");
        Fastest = Math.Min(Fastest, Stopwatch.GetElapsedTime(start).TotalMicroseconds / checks);
    }
}
