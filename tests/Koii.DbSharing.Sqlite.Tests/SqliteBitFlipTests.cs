using System.Globalization;
using Koii.DbSharing.StoreContract;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>One bit of a closed file changes, anywhere.</summary>
public sealed class SqliteBitFlipTests : SqliteFixture
{
    private const string FlipsVariable = "KOII_BIT_FLIPS";

    private const string SeedVariable = "KOII_BIT_FLIP_SEED";

    [Test]
    public async Task Changed_bit_is_reported_and_never_served_and_good_copies_make_the_set_whole()
    {
        var flips = Setting(FlipsVariable) ?? 40;
        var seed = Setting(SeedVariable) ?? Random.Shared.Next();
        TestContext.Out.WriteLine($"{flips} flips ({FlipsVariable}), seed {seed} ({SeedVariable})");
        SignedLinktree[] records =
        [
            .. Enumerable.Range(0, 200).Select(i => Create(i % 90, $"u{i / 90}", i + 1, new string('n', i % 300), deleted: i % 11 == 0)).OrderBy(record => record.Version),
        ];
        await using (var store = NewStore())
        {
            await store.PutAsync([.. Enumerable.Range(0, 60).Select(i => Create(i, "u0", 0, "old"))]);
            await store.PutAsync(records);
        }

        var whole = await System.IO.File.ReadAllBytesAsync(File.Path);
        var random = new Random(seed);
        var results = new Dictionary<string, int>();
        for (var i = 0; i < flips; i++)
        {
            var bit = random.NextInt64(8L * whole.Length);
            var result = await FlipAsync(whole, bit, records);
            results[result] = results.GetValueOrDefault(result) + 1;
        }

        TestContext.Out.WriteLine(string.Join(", ", results.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
    }

    private static async Task<string> FlipAsync(byte[] whole, long bit, SignedLinktree[] records)
    {
        using var file = new SqliteFile();
        var changed = (byte[])whole.Clone();
        changed[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        await System.IO.File.WriteAllBytesAsync(file.Path, changed);
        await using var store = new SqliteLinktreeStore(file.ConnectionString, Options());
        var step = "opening";
        try
        {
            await RetryAsync(() => store.GetAsync([]).AsTask());
            step = "reading";
            var listed = await RetryAsync(() => ListAsync(store));
            Assert.That(listed, Is.SubsetOf(records), $"bit {bit}");
            step = "checking";
            var result = await store.CheckAsync();
            step = "reading again";
            listed = await RetryAsync(() => ListAsync(store));
            Assert.That(listed, Is.SubsetOf(records).And.Unique, $"bit {bit}");
            step = "putting";
            await store.PutAsync(records);
            Assert.That(await ListAsync(store), Is.EqualTo(records), $"bit {bit}");
            Assert.That(await EngineWithoutPeers.Create(store).GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(records)), $"bit {bit}");
            var moved = int.Parse(Query(file, "SELECT count(*) FROM damaged"), CultureInfo.InvariantCulture);
            return moved > 0 ? "moved" : result.AreIndexesRebuilt ? "index built again" : listed.Count < records.Length ? "filled again" : "no effect";
        }
        catch (LinktreeStoreException refusal) when (!refusal.IsTransient)
        {
            Assert.That(refusal.Message, Does.Contain(file.Path).And.Contains("damaged").Or.Contains("belongs to another application").Or.Contains("schema version"), $"bit {bit}");
            return $"refused when {step}";
        }
        catch (Exception other) when (other is not NUnit.Framework.AssertionException)
        {
            throw new InvalidOperationException($"bit {bit}, {step}", other);
        }
    }

    private static async Task<List<SignedLinktree>> ListAsync(SqliteLinktreeStore store)
    {
        var (query, listed) = (Everything with { Limit = 50 }, new List<SignedLinktree>());
        do
        {
            var page = await store.ListAsync(query);
            listed.AddRange(page.Linktrees);
            query = query with { After = page.Next };
        }
        while (query.After is not null);

        return listed;
    }

    /// <summary>Repeats a call that may be made again.</summary>
    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (LinktreeStoreException failure) when (failure.IsTransient && attempt < 10)
            {
            }
        }
    }

    private static int? Setting(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
        : null;
}
