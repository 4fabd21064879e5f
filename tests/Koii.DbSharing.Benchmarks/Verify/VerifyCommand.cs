using System.Globalization;
using System.Runtime.InteropServices;
using Koii.Ed25519;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>
/// <c>verify</c>: prints one table of the time of a signature check on one core, of this library and of others, from
/// one run.
/// </summary>
internal static class VerifyCommand
{
    internal const string Verb = "verify";

    private const string Quick = "--quick";
    private const int WarmUps = 12;
    private const int Rounds = 15;
    private const int ChecksOfJavaScript = 64;
    private const int BatchToCompareWith = 256;

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (arguments.Any(argument => argument != Quick))
        {
            Console.Error.WriteLine($"Usage: {Verb} [{Quick}] — with {Quick} it takes seconds and its figures are meaningless.");
            return 1;
        }

        var isQuick = arguments.Contains(Quick);
        var (warmUps, rounds) = isQuick ? (1, 1) : (WarmUps, Rounds);
        var set = SignatureSet.Sign(Contestants.LargestBatch);
        using var contestants = new Contestants();
        contestants.AddOwn();
        contestants.AddNative();
        contestants.AddBouncyCastle();
        foreach (var contestant in contestants.All)
        {
            if (!contestant.Works(set))
            {
                Console.Error.WriteLine($"{contestant.Name} does not distinguish valid from invalid signatures.");
                return 1;
            }
        }

        // In turns, so that other processes affect all alike.
        await RunAsync(contestants.All, set, warmUps, pause: true);
        await RunAsync(contestants.All, set, rounds, pause: false);
        using var javaScript = new JavaScript();
        var rows = contestants.All.Select(contestant => (contestant.Name, contestant.Fastest))
            .Concat(await javaScript.MeasureAsync(set, isQuick ? 4 : ChecksOfJavaScript, contestants.Absent));
        Print([.. rows], rounds, contestants.Absent);
        return 0;
    }

    private static async Task RunAsync(IReadOnlyList<Contestant> contestants, SignatureSet set, int rounds, bool pause)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contestant in contestants)
                contestant.Run(set);

            // The compiler optimizes in the background.
            if (pause)
                await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private static void Print(IReadOnlyList<(string Name, double Microseconds)> rows, int rounds, IEnumerable<string> absent)
    {
        var single = rows.First(row => row.Name == Contestants.OwnSingle(VectorPaths.Best)).Microseconds;
        var batch = rows.First(row => row.Name == Contestants.OwnBatch(VectorPaths.Best, BatchToCompareWith)).Microseconds;
        var width = rows.Max(row => row.Name.Length);

        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}; path of this machine: {VectorPaths.Best}.");
        Console.WriteLine($"One core, messages of {SignatureSet.MessageSize} bytes, {Contestants.LargestBatch} authors; {(rounds == 1 ? "one run of each, too short for meaningful figures" : $"the fastest of {rounds} runs of each, taken in turns")}.");
        Console.WriteLine();
        PrintRow("", "µs a check", "× one by one", $"× batch of {BatchToCompareWith}");
        Console.WriteLine($"| {new string('-', width)} | ---------: | -----------: | -------------: |");
        foreach (var (name, microseconds) in rows)
            PrintRow(name, Number(microseconds, 1), Number(microseconds / single, 2), Number(microseconds / batch, 2));
        Console.WriteLine();
        foreach (var line in absent)
            Console.WriteLine(line);

        void PrintRow(string name, string time, string toSingle, string toBatch) =>
            Console.WriteLine($"| {name.PadRight(width)} | {time,10} | {toSingle,12} | {toBatch,14} |");
    }

    private static string Number(double value, int digits) => value.ToString("N" + digits, CultureInfo.InvariantCulture);
}
