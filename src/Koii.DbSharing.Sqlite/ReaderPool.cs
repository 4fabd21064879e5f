namespace Koii.DbSharing.Sqlite;

/// <summary>Keeps the connections that nobody reads from at the moment. How many there can be is for the caller to limit.</summary>
internal sealed class ReaderPool(SqliteStoreSettings settings, long task) : IDisposable
{
    /// <summary>The pages of SQLite that each reader may keep in memory.</summary>
    private const int CacheKilobytes = 2048;

    private readonly Lock _lock = new();
    private readonly Stack<PageReader> _idle = [];
    private bool _isClosed;

    internal PageReader Rent()
    {
        lock (_lock)
        {
            if (_idle.TryPop(out var reader))
                return reader;
        }

        var connection = new LinktreeConnection(settings, CacheKilobytes);
        try
        {
            connection.Execute("PRAGMA query_only = ON");
            return new PageReader(connection, task);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal void Return(PageReader reader)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _idle.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    /// <summary>Closes the idle readers, and the others as they come back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (var reader in _idle)
                reader.Dispose();
            _idle.Clear();
        }
    }
}
