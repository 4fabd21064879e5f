using Koii.DbSharing.Storage;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

/// <summary>What every <see cref="ILinktreeChangeFeed"/> does that keeps its changes when the store is closed.</summary>
/// <typeparam name="TStore">The store.</typeparam>
public abstract class DurableLinktreeChangeFeedContract<TStore>(IDurableStoreFactory<TStore> factory)
    : LinktreeChangeFeedContract<TStore>(factory)
    where TStore : class, ILinktreeStore, ILinktreeChangeFeed
{
    private readonly IDurableStoreFactory<TStore> _factory = factory;

    [Test]
    public async Task Changes_are_the_same_after_reopening()
    {
        var store = await NewStoreAsync();
        await store.PutAsync(
            [.. Enumerable.Range(0, 700).Select(i => Create(author: i % 100, uuid: $"u{i}", timestamp: i, deleted: i % 9 == 0))]);
        var changes = await new FollowedFeed(store).ReadToEndAsync();

        var reopened = await ReopenAsync(store, Options());

        Assert.That(await new FollowedFeed(reopened).ReadToEndAsync(), Is.EqualTo(changes));
    }

    [Test]
    public async Task Removals_are_retained_and_trimmed_after_reopening()
    {
        var options = Options();
        options.MaxRetainedChanges = 2;
        var store = await NewStoreAsync(options, TimeProvider.System);
        await store.PutAsync([Create(author: 1), Create(author: 2)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Start, 1)).Next;
        await store.PutAsync([Create(author: 2, timestamp: 2000)]);

        var reopened = await ReopenAsync(store, options);
        Assert.That(
            (await reopened.ReadChangesAsync(position, 10)).Changes.Select(change => change.Kind),
            Is.EqualTo(new[] { LinktreeChangeKind.Inserted, LinktreeChangeKind.Replaced }));
        await reopened.PutAsync([Create(author: 3), Create(author: 4)]);

        await AssertIsTrimmedAsync(reopened, position);
        await AssertIsTrimmedAsync(await ReopenAsync(reopened, options), position);
    }

    [Test]
    public async Task Position_is_valid_after_reopening()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(author: 1), Create(author: 2)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        var reopened = await ReopenAsync(store, Options());
        await reopened.PutAsync([Create(author: 1, timestamp: 2000)]);
        var page = await reopened.ReadChangesAsync(position, 10);

        Assert.That((page.IsTrimmed, page.Changes.Count), Is.EqualTo((false, 1)));
    }

    [Test]
    public async Task Records_beyond_a_lowered_limit_are_evicted_on_opening()
    {
        var store = await NewStoreAsync(linktreesPerAuthor: 8);
        SignedLinktree[] records = [.. Enumerable.Range(0, 24).Select(i => Create(author: i % 4, uuid: $"u{i}", timestamp: 100 - i))];
        await store.PutAsync(records);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;

        var reopened = await ReopenAsync(store, Options(linktreesPerAuthor: 2));

        var model = LinktreeModel.StateAfter(records, 2);
        Assert.That(
            (await reopened.ReadChangesAsync(position, 100)).Changes.Select(change => (change.Kind, change.Removed!.Value)),
            Is.EquivalentTo(records.Except(model).Select(record => (LinktreeChangeKind.Evicted, record.Version))));
        Assert.That(await EngineWithoutPeers.Create(reopened).GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(model)));
    }

    [Test]
    public async Task Lowered_number_of_retained_changes_takes_effect_by_the_next_write()
    {
        var store = await NewStoreAsync();
        await store.PutAsync([Create(timestamp: 0)]);
        var position = (await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next;
        await store.PutAsync([.. Enumerable.Range(1, 100).Select(i => Create(timestamp: i))]);
        var options = Options();
        options.MaxRetainedChanges = 10;

        var reopened = await ReopenAsync(store, options);
        Assert.That((await reopened.ReadChangesAsync(position, 1)).IsTrimmed, Is.False);
        await reopened.PutAsync([Create(timestamp: 101)]);

        await AssertIsTrimmedAsync(reopened, position);
    }

    [Test]
    public void Positions_of_random_histories_survive_restarts() =>
        CheckHistories((stores, options, clock) => _factory.ReopenAsync(stores[^1], options, clock));

    private async Task<TStore> ReopenAsync(TStore store, DbSharingOptions options, TimeProvider? timeProvider = null) =>
        Track(await _factory.ReopenAsync(store, options, timeProvider ?? TimeProvider.System));
}
