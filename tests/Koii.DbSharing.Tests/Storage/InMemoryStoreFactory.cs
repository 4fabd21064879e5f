using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Tests.Storage;

internal sealed class InMemoryStoreFactory : IStoreFactory<InMemoryLinktreeStore>
{
    public ValueTask<InMemoryLinktreeStore> CreateAsync(DbSharingOptions options, TimeProvider timeProvider) =>
        new(new InMemoryLinktreeStore(options, timeProvider));
}
