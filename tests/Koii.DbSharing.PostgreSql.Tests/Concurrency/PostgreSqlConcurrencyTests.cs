using System.Globalization;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.PostgreSql.Tests.Concurrency.Deliveries;

namespace Koii.DbSharing.PostgreSql.Tests.Concurrency;

/// <summary>Many processes with one database.</summary>
public sealed class PostgreSqlConcurrencyTests
{
    [Test]
    public async Task Concurrent_processes_that_open_a_new_database_end_in_the_state_of_the_model_and_so_do_readers()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var model = LinktreeModel.StateAfter(AllRecords(seed), PerAuthor);
        await using var database = await TestDatabase.CreateAsync();
        ChildProcess[] writers =
        [
            .. Enumerable.Range(0, Writers)
                .Select(writer => ChildProcess.StartAssemblyOf<TestServer>("deliver", database.ConnectionString, Text(seed), Text(writer))),
        ];
        try
        {
            await Task.WhenAll(writers.Select(writer => writer.ReadLineAfterAsync("ready")));
            var written = new TaskCompletionSource();
            var readers = new Task[Writers];
            await Task.WhenAll(writers.Select(async (writer, number) =>
            {
                await writer.WriteLineAsync("go");
                for (var batches = 0; batches < 5 * number && await writer.TryReadLineAsync() is not null; batches++)
                {
                }

                readers[number] = ReadAsync(database, model, isEngine: number % 2 == 1, written.Task);
                var (exitCode, _, error) = await writer.EndAsync();
                Assert.That(exitCode, Is.Zero, error);
            }));
            written.SetResult();
            await Task.WhenAll(readers);
        }
        finally
        {
            foreach (var writer in writers)
                await writer.DisposeAsync();
        }

        await using var store = Open(database);
        Assert.That((await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = int.MaxValue })).Linktrees, Is.EqualTo(model));
        Assert.That(await database.QueryAsync("SELECT records FROM koii_dbsharing.task"), Is.EqualTo(Text(model.Count)));
    }

    /// <summary>
    /// Follows the feed from its start, or as an engine does, from a list on; and once more when all records are written.
    /// </summary>
    private static async Task ReadAsync(TestDatabase database, IReadOnlyList<SignedLinktree> model, bool isEngine, Task written)
    {
        await using var store = Open(database);
        var feed = new FollowedFeed(store);
        var engine = EngineWithoutPeers.Create(store);
        SetSummary summary = default;
        bool isLast;
        do
        {
            isLast = written.IsCompleted;
            if (isEngine)
                summary = await engine.GetSummaryAsync();
            else
                await feed.ReadToEndAsync();
        }
        while (!isLast);

        if (isEngine)
            Assert.That(summary, Is.EqualTo(LinktreeModel.Summarize(model)));
        else
            Assert.That(feed.Versions, Is.EqualTo(model.Select(record => record.Version)));
    }

    private static PostgreSqlLinktreeStore Open(TestDatabase database) => new(database.ConnectionString, Options);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
