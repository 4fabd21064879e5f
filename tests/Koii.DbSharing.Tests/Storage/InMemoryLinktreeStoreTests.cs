using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Storage;

public sealed class InMemoryLinktreeStoreTests() : LinktreeStoreContract<InMemoryLinktreeStore>(new InMemoryStoreFactory())
{
    [Test]
    public void Invalid_options_throw()
    {
        Assert.That(() => new InMemoryLinktreeStore(null!), Throws.ArgumentNullException);
        foreach (var options in new[]
        {
            new DbSharingOptions { LinktreesPerAuthor = 0 }, new DbSharingOptions { MaxRecords = 0 },
            new DbSharingOptions { MaxBytes = 1000 },
            new DbSharingOptions { MaxRetainedChanges = 0 }, new DbSharingOptions { ChangeRetention = TimeSpan.Zero },
        })
            Assert.That(() => new InMemoryLinktreeStore(options), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Later_changes_of_the_options_have_no_effect()
    {
        var options = Samples.Options(linktreesPerAuthor: 2);
        var store = new InMemoryLinktreeStore(options);
        options.LinktreesPerAuthor = 1;

        await store.PutAsync([Samples.Create(uuid: "a"), Samples.Create(uuid: "b")]);

        Assert.That((await store.ListAsync(new LinktreeQuery())).Linktrees, Has.Count.EqualTo(2));
    }
}

internal sealed class InMemoryStoreFactory : IStoreFactory<InMemoryLinktreeStore>
{
    public ValueTask<InMemoryLinktreeStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        new(new InMemoryLinktreeStore(options, timeProvider));
}
