using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteWithheldRecordsTests() : WithheldRecordsContract<SqliteLinktreeStore>(new SqliteStoreFactory());
