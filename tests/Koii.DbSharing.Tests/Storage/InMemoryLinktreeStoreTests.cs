using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Tests.Storage;

public sealed class InMemoryLinktreeStoreTests : LinktreeStoreContract<InMemoryLinktreeStore>
{
    protected override ValueTask<InMemoryLinktreeStore> CreateStoreAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        ValueTask.FromResult(new InMemoryLinktreeStore(options, timeProvider));

    [Test]
    public void Broken_options_are_refused()
    {
        Assert.That(() => new InMemoryLinktreeStore(null!), Throws.ArgumentNullException);
        Assert.That(() => new InMemoryLinktreeStore(SampleLinktrees.Options(linktreesPerAuthor: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new InMemoryLinktreeStore(SampleLinktrees.Options(maxRecords: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new InMemoryLinktreeStore(new DbSharingOptions { MaxRetainedChanges = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new InMemoryLinktreeStore(new DbSharingOptions { ChangeRetention = TimeSpan.Zero }), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Later_changes_of_the_options_have_no_effect()
    {
        var options = SampleLinktrees.Options(linktreesPerAuthor: 2);
        var store = new InMemoryLinktreeStore(options);
        options.LinktreesPerAuthor = 1;

        await store.PutAsync([SampleLinktrees.Create(uuid: "a"), SampleLinktrees.Create(uuid: "b")]);

        Assert.That((await store.ListAsync(new LinktreeQuery())).Linktrees, Has.Count.EqualTo(2));
    }
}
