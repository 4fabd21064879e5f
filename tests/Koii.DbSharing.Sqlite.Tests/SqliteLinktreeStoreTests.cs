using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteLinktreeStoreTests() : SharedLinktreeStoreContract<SqliteLinktreeStore>(new SqliteStoreFactory())
{
    // Each batch waits for the disk.
    protected override int Deliveries => 25;
}
