using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteDamagedRecordsTests() : DamagedRecordsContract<SqliteLinktreeStore>(new SqliteStoreFactory());
