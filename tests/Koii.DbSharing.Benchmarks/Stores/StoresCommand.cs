using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>
/// <c>stores 100000 --batch 1024</c>: prints a table of how fast each store puts, puts again, gets, lists and reads the changes of a
/// number of records, beside the driver of its database alone, from one run.
/// </summary>
internal static class StoresCommand
{
    internal const string Verb = "stores";

    private const int DefaultCount = 100_000;
    private const int DefaultBatchSize = 1024;
    private const int Rounds = 3;

    private static readonly string[] Stores = [InMemoryBackend.Store, SqliteBackend.Store, PostgreSqlBackend.Store];

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (!TryParse(arguments, out var count, out var batchSize, out var stores))
        {
            Console.Error.WriteLine(
                $"Usage: {Verb} [<count>] [--batch <size>] [{string.Join('|', Stores)}]... — number of records (default: {DefaultCount}), "
                + $"of records in a call (default: {DefaultBatchSize}), and stores (default: all).");
            return 1;
        }

        var workload = new Workload(count, batchSize);
        var folder = Directory.CreateTempSubdirectory("koii-dbsharing-stores-");
        var backends = new List<IBackend>();
        try
        {
            foreach (var store in stores)
            {
                if (await OpenAsync(store, workload, folder) is { } backend)
                    backends.Add(backend);
                else
                    Console.WriteLine($"{store}: the server is not installed.");
            }

            var table = new StoresTable(workload, backends);
            var losses = await MeasureAsync(table, folder);
            table.Print(Rounds);
            foreach (var loss in losses.Distinct())
                Console.Error.WriteLine(loss);
            return losses.Count == 0 ? 0 : 1;
        }
        finally
        {
            foreach (var backend in backends)
                await backend.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IBackend?> OpenAsync(string store, Workload workload, DirectoryInfo folder) => store switch
    {
        InMemoryBackend.Store => new InMemoryBackend(workload),
        SqliteBackend.Store => new SqliteBackend(workload, folder),
        _ => await PostgreSqlBackend.TryStartAsync(workload),
    };

    private static async Task<List<string>> MeasureAsync(StoresTable table, DirectoryInfo folder)
    {
        var losses = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            table.Fsyncs = Math.Max(table.Fsyncs, DiskProbe.MeasureFsyncs(folder));
            foreach (var backend in table.Backends)
            {
                await backend.ClearAsync();

                // The store is closed between the two, so that the reads read what was stored.
                foreach (var operations in new[] { Operation.Writing, Operation.Reading })
                {
                    await using var own = await backend.OpenOwnAsync();
                    await using var bare = await backend.OpenBareAsync(toWrite: operations == Operation.Writing);
                    foreach (var operation in operations)
                        losses.AddRange(await table.Row(backend, operation).RunAsync(own, bare));
                }
            }
        }

        return losses;
    }

    private static bool TryParse(IReadOnlyList<string> arguments, out int count, out int batchSize, out IReadOnlyList<string> stores)
    {
        (count, batchSize, stores) = (DefaultCount, DefaultBatchSize, Stores);
        var rest = new Queue<string>(arguments);
        if (TryParsePositive(rest, out var number))
            count = number;
        if (rest.TryPeek(out var option) && option == "--batch")
        {
            rest.Dequeue();
            if (!TryParsePositive(rest, out batchSize))
                return false;
        }

        if (rest.Count > 0)
            stores = [.. rest];
        return stores.All(Stores.Contains);
    }

    private static bool TryParsePositive(Queue<string> arguments, out int number)
    {
        number = 0;
        if (!arguments.TryPeek(out var argument) || !int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number == 0)
            return false;
        arguments.Dequeue();
        return true;
    }
}
