using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Storage;

public sealed class DictionaryStoreTests() : LinktreeStoreContract<DictionaryStore>(new DictionaryStoreFactory())
{
    [Test]
    public async Task Engine_lists_a_store_without_a_change_feed_for_each_summary()
    {
        var store = new DictionaryStore(Samples.Options());
        var engine = EngineWithoutPeers.Create(store);
        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize([])));
        SignedLinktree[] records = [Samples.Create(author: 2, deleted: true), Samples.Create(author: 3)];
        await store.PutAsync(records);

        Assert.That(await engine.GetSummaryAsync(), Is.EqualTo(LinktreeModel.Summarize(records)));
    }

    private sealed class DictionaryStoreFactory : IStoreFactory<DictionaryStore>
    {
        public ValueTask<DictionaryStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider) => new(new DictionaryStore(options));
    }
}
