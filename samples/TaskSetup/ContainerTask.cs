using Koii.DbSharing;
using Microsoft.Extensions.DependencyInjection;

namespace TaskSetup;

/// <summary>A task that lets a container make the engine.</summary>
public sealed class ContainerTask : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ServiceProvider _services;
    private Task _sharing = Task.CompletedTask;

    public ContainerTask(string taskId, string serviceUrl, string database)
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl) = (taskId, serviceUrl)).UseSqlite($"Data Source={database}");
        _services = services.BuildServiceProvider();
    }

    public async Task<ReplicationReport> SetupAsync()
    {
        var engine = _services.GetRequiredService<ReplicationEngine>();
        var first = await engine.ShareAsync(_stopping.Token);
        _sharing = engine.RunAsync(_stopping.Token);
        return first;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sharing;
        await _services.DisposeAsync();
        _stopping.Dispose();
    }
}
