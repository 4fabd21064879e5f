using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary><c>stores 100000</c>: one table of what each store takes to put, put again, get, list and tell of so many records, beside the driver of its database alone, from one run.</summary>
internal static class StoresCommand
{
    internal const string Verb = "stores";

    private const int DefaultCount = 100_000;
    private const int Rounds = 3;

    private static readonly string[] Stores = [InMemoryArena.Store, SqliteArena.Store, PostgreSqlArena.Store];

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (!TryParse(arguments, out var count, out var stores))
        {
            Console.Error.WriteLine($"Usage: {Verb} [<count>] [{string.Join('|', Stores)}]... — how many records, {DefaultCount} if it is not said, and which stores, else all.");
            return 1;
        }

        var workload = new Workload(count);
        var folder = Directory.CreateTempSubdirectory("koii-dbsharing-stores-");
        var arenas = new List<IArena>();
        try
        {
            foreach (var store in stores)
            {
                if (await OpenAsync(store, workload, folder) is { } arena)
                    arenas.Add(arena);
                else
                    Console.WriteLine($"{store}: the machine does not have the server.");
            }

            var table = new StoresTable(workload, arenas);
            var losses = await MeasureAsync(table, folder);
            table.Print(Rounds);
            foreach (var loss in losses.Distinct())
                Console.Error.WriteLine(loss);
            return losses.Count == 0 ? 0 : 1;
        }
        finally
        {
            foreach (var arena in arenas)
                await arena.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IArena?> OpenAsync(string store, Workload workload, DirectoryInfo folder) => store switch
    {
        InMemoryArena.Store => new InMemoryArena(workload),
        SqliteArena.Store => new SqliteArena(workload, folder),
        _ => await PostgreSqlArena.TryStartAsync(workload),
    };

    private static async Task<List<string>> MeasureAsync(StoresTable table, DirectoryInfo folder)
    {
        var losses = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            table.Fsyncs = Math.Max(table.Fsyncs, DiskProbe.MeasureFsyncs(folder));
            foreach (var arena in table.Arenas)
            {
                await arena.ClearAsync();

                // Closed in between, so that what is read is what was stored.
                foreach (var operations in new[] { Operation.Writing, Operation.Reading })
                {
                    await using var own = await arena.OpenOwnAsync();
                    await using var bare = await arena.OpenBareAsync(toWrite: operations == Operation.Writing);
                    foreach (var operation in operations)
                        losses.AddRange(await table.Row(arena, operation).RunAsync(own, bare));
                }
            }
        }

        return losses;
    }

    private static bool TryParse(IReadOnlyList<string> arguments, out int count, out IReadOnlyList<string> stores)
    {
        var isCounted = int.TryParse(arguments.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out count);
        if (!isCounted)
            count = DefaultCount;
        IReadOnlyList<string> named = [.. arguments.Skip(isCounted ? 1 : 0)];
        stores = named.Count == 0 ? Stores : named;
        return count > 0 && stores.All(Stores.Contains);
    }
}
