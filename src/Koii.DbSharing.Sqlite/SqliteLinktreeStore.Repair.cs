using Koii.DbSharing.Sqlite;

namespace Koii.DbSharing;

public sealed partial class SqliteLinktreeStore
{
    private ValueTask<T> ReadAsync<T>(Func<StoreReader, T> read, CancellationToken cancellationToken) => ReadOnceAsync(read, cancellationToken);
}
