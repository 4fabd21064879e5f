using Koii.DbSharing;

namespace TaskSetup;

/// <summary>A task that makes the engine itself.</summary>
public sealed class ComposedTask : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpTransport _http;
    private readonly SqliteLinktreeStore _store;
    private readonly ReplicationEngine _engine;
    private Task _sharing = Task.CompletedTask;

    public ComposedTask(string taskId, string serviceUrl, string database)
    {
        var options = new DbSharingOptions { TaskId = taskId, ServiceUrl = serviceUrl };
        _http = new HttpTransport(options);
        _store = new SqliteLinktreeStore($"Data Source={database}", options);
        _engine = new ReplicationEngine(_http.NodeDirectory, _http.PeerClient, new Ed25519SignatureVerifier(), _store, options);
    }

    public async Task<ReplicationReport> SetupAsync()
    {
        var first = await _engine.ShareAsync(_stopping.Token);
        _sharing = _engine.RunAsync(_stopping.Token);
        return first;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sharing;
        await _store.DisposeAsync();
        _http.Dispose();
        _stopping.Dispose();
    }
}
