using Koii.DbSharing.Replication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Conventions;

/// <summary>The programs that README.md shows, here only to be compiled: the samples run the same calls.</summary>
internal static class ReadmeExamples
{
    public static async Task StartAsync(string[] args)
    {
        #region README: Start in ten lines
        var builder = WebApplication.CreateBuilder(args);
        builder.Services
            .AddDbSharing(options =>
            {
                options.TaskId = "EXAMPLE_TASK_ID";
                options.ServiceUrl = "http://localhost:8080";   // asked for /nodes/{TaskId}
            })
            .UseSqlite("Data Source=linktrees.db")
            .AddReplicationService();                           // a round every 20 seconds
        var app = builder.Build();
        app.MapDbSharing();                                     // what peers ask of us
        await app.RunAsync();
        #endregion
    }

    public static async Task SetupAsync(string taskId, string serviceUrl, CancellationToken cancellationToken)
    {
        #region README: setup() without a host
        var services = new ServiceCollection();
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl) = (taskId, serviceUrl)).UseSqlite("Data Source=linktrees.db");
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();

        ReplicationReport report = await engine.ShareAsync(cancellationToken);   // one round, for a task with a timer of its own
        await engine.RunAsync(cancellationToken);                                // or rounds until the token is cancelled
        #endregion
    }
}
