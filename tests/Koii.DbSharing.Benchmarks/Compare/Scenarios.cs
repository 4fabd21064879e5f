using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>What is measured, by the counts of the arguments.</summary>
internal sealed class Scenarios(CompareArguments arguments, RecordFiles files)
{
    // The servers run optimized code by then.
    private const int ListWarmUps = 2;
    private const int ListRepetitions = 5;

    internal IEnumerable<Scenario> All =>
    [
        .. arguments.ColdPulls.Select(count => new Scenario(
            ScenarioKind.ColdPull, $"cold pull of {Number(count)}", count, count, count, "records/s", contender => PullAsync(contender, count))),
        .. arguments.Rounds.Select(count => new Scenario(
            ScenarioKind.NothingNew,
            $"nothing new from {arguments.Peers} × {Number(count)}",
            count,
            count * arguments.Peers,
            1,
            "rounds/s",
            contender => NothingNewAsync(contender, count))),
        .. arguments.Changed.Select(count => new Scenario(
            ScenarioKind.Changes,
            $"{Number(arguments.Changes)} changes in {Number(count)}",
            count,
            count,
            arguments.Changes,
            "changes/s",
            contender => ChangesAsync(contender, count))),
        .. new[] { false, true }.Select(isGzip => new Scenario(
            ScenarioKind.Lists,
            $"list of {Number(arguments.List)} to {arguments.Readers} readers{(isGzip ? ", gzip accepted" : "")}",
            arguments.List,
            0,
            arguments.List * arguments.Readers,
            "records/s",
            contender => ListAsync(contender, isGzip))),
    ];

    private async Task<Outcome> PullAsync(Contender contender, int count)
    {
        using var network = await contender.StartAsync(files, count, peers: 1, Contender.Empty);
        var cost = await ShareAsync(network, 1);
        return Outcome.Measured(cost, await HoldsAsync(network, files.Digest(count)));
    }

    private async Task<Outcome> NothingNewAsync(Contender contender, int count)
    {
        using var network = await contender.StartAsync(files, count, arguments.Peers, Contender.Held);
        await ShareAsync(network, contender.Rounds / 2);
        var cost = await ShareAsync(network, contender.Rounds);
        return Outcome.Measured(cost / contender.Rounds, await HoldsAsync(network, files.Digest(count)));
    }

    private async Task<Outcome> ChangesAsync(Contender contender, int count)
    {
        using var network = await contender.StartAsync(files, count, peers: 1, Contender.Held);
        var warmUps = contender.ChangeRounds / 2;
        var (changes, digest) = files.Change(count, arguments.Changes, warmUps + contender.ChangeRounds);
        Cost? sum = null;
        foreach (var (round, file) in changes.Index())
        {
            await network.AskServerAsync($"change {file}");
            var cost = await ShareAsync(network, 1);
            if (round >= warmUps)
                sum = sum is null ? cost : sum + cost;
        }

        return Outcome.Measured(sum! / contender.ChangeRounds, await HoldsAsync(network, digest));
    }

    private async Task<Outcome> ListAsync(Contender contender, bool isGzip)
    {
        using var network = await contender.StartAsync(files, arguments.List, peers: 1, Contender.Empty);
        return network.ListUrl is { } url ? await ListByHttpAsync(network, url, isGzip)
            : isGzip ? new Outcome(null, "no HTTP")
            : await ListInProcessAsync(network);
    }

    private async Task<Outcome> ListByHttpAsync(Network network, string url, bool isGzip)
    {
        using var readers = new Readers(url, arguments.Readers, isGzip);
        for (var repetition = 0; repetition < ListWarmUps; repetition++)
            await readers.ReadAsync();
        var cost = await network.MeasureAsync(async () =>
        {
            var bytes = 0L;
            for (var repetition = 0; repetition < ListRepetitions; repetition++)
                bytes += await readers.ReadAsync();
            return bytes;
        });

        // The readers belong to this process, and the node has no part in it.
        return Outcome.Measured((cost / ListRepetitions) with { Node = null }, AreRight(readers.Digests()));
    }

    private async Task<Outcome> ListInProcessAsync(Network network)
    {
        var command = string.Create(CultureInfo.InvariantCulture, $"list {arguments.Readers}");
        for (var repetition = 0; repetition < ListWarmUps; repetition++)
            await network.AskServerAsync(command);
        var cost = await network.MeasureAsync(async () =>
        {
            for (var repetition = 0; repetition < ListRepetitions; repetition++)
                await network.AskServerAsync(command);
            return 0;
        });
        return Outcome.Measured(cost / ListRepetitions, AreRight((await network.AskServerAsync("listed")).Digests));
    }

    private bool AreRight(IReadOnlyList<string> digests)
    {
        var digest = files.Digest(arguments.List);
        return digests.Count == arguments.Readers && digests.All(found => found == digest);
    }

    private static Task<Cost> ShareAsync(Network network, int rounds) => network.MeasureAsync(async () =>
        (await network.AskNodeAsync(string.Create(CultureInfo.InvariantCulture, $"share {rounds}"))).Bytes);

    private static async Task<bool> HoldsAsync(Network network, string digest) => (await network.AskNodeAsync("digest")).Digest == digest;

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
