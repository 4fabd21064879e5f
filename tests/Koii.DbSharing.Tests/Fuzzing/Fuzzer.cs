using System.Diagnostics;
using System.Security.Cryptography;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Feeds a target with mutations of its seeds, and of inputs that had a result of a new kind. The same seed creates the
/// same inputs.
/// </summary>
internal sealed class Fuzzer(IFuzzTarget target, int seed)
{
    private const int MaxCorpus = 4_096;

    // Detects a reader that does not end; far longer than any input takes, even on a busy machine.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly Mutator _mutator = new(new Random(seed));
    private readonly List<byte[]> _corpus = [.. target.Seeds];
    private readonly HashSet<int> _kinds = [];
    private byte[] _current = [];
    private int _fed;

    public async Task RunAsync(int inputs)
    {
        var started = Stopwatch.GetTimestamp();
        var feeding = Task.Run(() => FeedAsync(inputs));
        for (var seen = -1; !feeding.IsCompleted && seen != Volatile.Read(ref _fed);)
        {
            seen = Volatile.Read(ref _fed);
            await Task.WhenAny(feeding, Task.Delay(Timeout));
        }

        if (!feeding.IsCompleted)
            Fail(Volatile.Read(ref _current), $"Input {_fed} is still being read.");
        await feeding;
        TestContext.Out.WriteLine(
            $"seed {seed}: {_fed:N0} inputs in {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s, "
            + $"{_kinds.Count} kinds of results, {_corpus.Count} inputs in the corpus");
    }

    private async Task FeedAsync(int inputs)
    {
        foreach (var input in target.Seeds)
            await FeedAsync(input);
        while (_fed < inputs)
            await FeedAsync(_mutator.Next(_corpus));
    }

    private async Task FeedAsync(byte[] input)
    {
        Volatile.Write(ref _current, input);
        try
        {
            if (_kinds.Add(await target.FeedAsync(input)) && _corpus.Count < MaxCorpus)
                _corpus.Add(input);
        }
        catch (Exception failure)
        {
            Fail(input, failure.ToString());
        }

        Volatile.Write(ref _fed, _fed + 1);
    }

    private void Fail(byte[] input, string failure)
    {
        var path = Path.Combine(
            TestContext.CurrentContext.WorkDirectory, $"{target.GetType().Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}.bin");
        File.WriteAllBytes(path, input);
        throw new InvalidOperationException(
            $"seed {seed}, input {_fed}, saved as {path} (add it to Fuzzing/Failures): {Convert.ToBase64String(input)}\n{failure}");
    }
}
