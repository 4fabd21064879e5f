using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

public sealed class PostgreSqlLinktreeStoreTests() : SharedLinktreeStoreContract<PostgreSqlLinktreeStore>(new PostgreSqlStoreFactory())
{
    // Each batch waits for the disk.
    protected override int Deliveries => 25;

    [OneTimeSetUp]
    public Task Require_a_server() => Servers.RequireAsync();
}
