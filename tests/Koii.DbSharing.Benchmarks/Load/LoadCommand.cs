using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>
/// <c>load [seconds]</c>: the sample node as a process of its own, under honest posts, forged posts, floods and slow readers at once, each from an address of its own as a reverse
/// proxy would forward it. Whatever was answered 200 must be held at the end, nothing forged, and the node's memory must not grow with time.
/// </summary>
internal static class LoadCommand
{
    internal const string Verb = "load";

    private const int DefaultSeconds = 60;
    private const int HeldBefore = 20_000;
    private const int Authors = 16;
    private const int Forgers = 4;
    private const int Floods = 4;
    private const int SlowReaders = 40;
    private const int PageSize = 512;

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var seconds = DefaultSeconds;
        if (arguments.Count > 1 || (arguments.Count == 1 && (!int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds == 0)))
        {
            Console.Error.WriteLine($"Usage: {Verb} [seconds] — how long to load the node, {DefaultSeconds} by default.");
            return 1;
        }

        var directory = Directory.CreateTempSubdirectory("koii-dbsharing-load-");
        try
        {
            var connectionString = $"Data Source={Path.Combine(directory.FullName, "node.db")}";
            await FillAsync(connectionString);
            await using var node = await NodeProcess.StartAsync(directory.FullName, connectionString);
            return await LoadAsync(node, TimeSpan.FromSeconds(seconds)) ? 0 : 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Gives the node a list that no buffer of a connection takes in as a whole.</summary>
    private static async Task FillAsync(string connectionString)
    {
        await using var store = new SqliteLinktreeStore(connectionString, new DbSharingOptions { TaskId = NodeProcess.TaskId });
        foreach (var page in ProfileRecords.Sign(HeldBefore).Chunk(PageSize))
            await store.PutAsync(page);
    }

    private static async Task<bool> LoadAsync(NodeProcess node, TimeSpan time)
    {
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10) }) { BaseAddress = new Uri(node.Url) };
        var authors = Enumerable.Range(0, Authors).Select(number => new HonestAuthors(http, $"203.0.113.{number}", number)).ToArray();
        var forgers = Enumerable.Range(0, Forgers).Select(number => new Forger(http, $"198.51.100.{number}", number)).ToArray();
        var floods = Enumerable.Range(0, Floods).Select(number => new Flood(http, $"192.0.2.{number}", number)).ToArray();
        var slowReaders = Enumerable.Range(0, SlowReaders).Select(number => new SlowReader(node.Url, $"2001:db8:{number:x}::1")).ToArray();
        var memory = new MemoryWatch(node);

        using (var end = new CancellationTokenSource(time))
        {
            IEnumerable<ILoadClient> clients = [.. authors, .. forgers, .. floods, .. slowReaders, memory];
            await Task.WhenAll(clients.Select(client => Task.Run(() => RunAsync(client, end.Token))));
        }

        var held = await HeldRecords.ReadAsync(http);
        var (lost, found) = held.Count(authors.SelectMany(author => author.Acknowledged));
        var forgedHeld = held.CountForged;
        Print("honest posts", Counts(authors.Select(author => author.Statuses)) + $"; p50 {Percentile(authors, 0.50)}, p99 {Percentile(authors, 0.99)}");
        Print("forged posts", Counts(forgers.Select(forger => forger.Statuses)));
        Print("floods", Counts(floods.Select(flood => flood.Statuses)));
        Print("slow readers", Counts(slowReaders.Select(reader => reader.Statuses)) + $"; {slowReaders.Sum(reader => reader.CutOff)} cut off");
        Print("answered 200", $"{found + lost:N0} records, {lost:N0} lost; {forgedHeld:N0} of what is held has a bad signature");
        Print("memory of the node", memory.ToString());
        var forgedTaken = forgers.Sum(forger => forger.Statuses.Of(200));
        return lost == 0 && found > 0 && forgedHeld == 0 && forgedTaken == 0 && memory.IsFlat;
    }

    private static async Task RunAsync(ILoadClient client, CancellationToken end)
    {
        try
        {
            await client.RunAsync(end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    private static string Percentile(IEnumerable<HonestAuthors> authors, double share)
    {
        var sorted = authors.SelectMany(author => author.Latencies).Order().ToArray();
        return sorted.Length == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{sorted[(int)((sorted.Length - 1) * share)].TotalMilliseconds:N1} ms");
    }

    private static string Counts(IEnumerable<StatusCounts> counts) => StatusCounts.Sum(counts).ToString();

    private static void Print(string what, string figures) => Console.WriteLine($"{what,-20}{figures}");
}
