using Koii.DbSharing;
using Microsoft.Extensions.DependencyInjection;

namespace TaskSetup;

/// <summary>A task as its author would write it: no host, a loop that the task owns.</summary>
public sealed class LinktreeTask(string taskId, string serviceUrl, string database) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private ServiceProvider? _services;
    private Task _sharing = Task.CompletedTask;

    public async Task<ReplicationReport> SetupAsync()
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl) = (taskId, serviceUrl)).UseSqlite($"Data Source={database}");
        _services = services.BuildServiceProvider();
        var engine = _services.GetRequiredService<ReplicationEngine>();

        var first = await engine.ShareAsync(_stopping.Token);
        _sharing = engine.RunAsync(_stopping.Token);
        return first;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sharing;
        if (_services is not null)
            await _services.DisposeAsync();
        _stopping.Dispose();
    }
}
