using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

public sealed class PostgreSqlWithheldRecordsTests() : WithheldRecordsContract<PostgreSqlLinktreeStore>(new PostgreSqlStoreFactory())
{
    [OneTimeSetUp]
    public Task Require_a_server() => Servers.RequireAsync();
}
