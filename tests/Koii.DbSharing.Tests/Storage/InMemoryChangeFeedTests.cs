using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Tests.Storage;

public sealed class InMemoryChangeFeedTests() : LinktreeChangeFeedContract<InMemoryLinktreeStore>(new InMemoryStoreFactory());
