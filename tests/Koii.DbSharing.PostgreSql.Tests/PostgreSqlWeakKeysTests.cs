using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// The same contract where indexes do not tell authors, uuids and ids apart, as if their hashes and prefixes were equal.
/// </summary>
public sealed class PostgreSqlWeakKeysTests()
    : SharedLinktreeStoreContract<PostgreSqlLinktreeStore>(new PostgreSqlStoreFactory(hasWeakKeys: true))
{
    // Each batch waits for the disk.
    protected override int Deliveries => 25;

    [OneTimeSetUp]
    public Task Require_a_server() => Servers.RequireAsync();
}
