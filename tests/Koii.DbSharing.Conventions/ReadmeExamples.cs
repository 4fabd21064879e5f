using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Koii.DbSharing.Conventions;

/// <summary>The programs that README.md shows. They are only compiled here; the samples run the same calls.</summary>
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
        app.MapGet("/", () => "A node of a Koii task.");        // JavaScript nodes probe a peer by its root
        app.MapDbSharing();                                     // what peers ask of us
        await app.RunAsync();
        #endregion
    }

    public static async Task SetupAsync(string taskId, string serviceUrl, CancellationToken cancellationToken)
    {
        #region README: setup() without a host
        var options = new DbSharingOptions { TaskId = taskId, ServiceUrl = serviceUrl };
        using var http = new HttpTransport(options);                             // the node directory and the peer client
        await using var store = new SqliteLinktreeStore("Data Source=linktrees.db", options);
        var engine = new ReplicationEngine(http.NodeDirectory, http.PeerClient, new Ed25519SignatureVerifier(), store, options);

        ReplicationReport report = await engine.ShareAsync(cancellationToken);   // one round, for a task with a timer of its own
        await engine.RunAsync(cancellationToken);                                // or rounds until the token is canceled
        #endregion
    }

    public static async Task<ReplicationEngine> SetupWithAContainerAsync(string taskId, string serviceUrl)
    {
        #region README: setup() without a host, with a container
        var services = new ServiceCollection();
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl) = (taskId, serviceUrl)).UseSqlite("Data Source=linktrees.db");
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();
        #endregion
        return engine;
    }

    public static async Task WriteAndReadAsync(ReplicationEngine engine, ILinktreeStore store)
    {
        #region README: Write and read
        using var author = LinktreeSigner.FromSeed(RandomNumberGenerator.GetBytes(32));
        var verdict = await engine.SubmitAsync(author.Sign("""{"uuid":"u-1","timestamp":1703802587522,"linktree":{"name":"Zoë"}}"""u8));
        Console.WriteLine(verdict.Kind);   // Inserted

        var page = await store.ListAsync(new LinktreeQuery { Author = author.PublicKey });
        foreach (var linktree in page.Linktrees)
            Console.WriteLine($"{linktree.Uuid}: {Encoding.UTF8.GetString(linktree.Data.Span)}");
        #endregion
    }

    public static async Task ShareOnceAsync(string taskId, string serviceUrl, CancellationToken cancellationToken)
    {
        #region README: Koii.DbSharing
        var services = new ServiceCollection();
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl) = (taskId, serviceUrl)).UseInMemory();
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();

        ReplicationReport report = await engine.ShareAsync(cancellationToken);
        #endregion
        _ = report;
    }

    public static void KeepInAFile(IServiceCollection services, string taskId)
    {
        #region README: Koii.DbSharing.Sqlite
        services.AddDbSharing(options => options.TaskId = taskId).UseSqlite("Data Source=linktrees.db");
        #endregion
    }

    public static void KeepInAFileOfTheConfiguration(IServiceCollection services, string taskId)
    {
        #region README: Koii.DbSharing.Sqlite, connection string from the container
        services.AddDbSharing(options => options.TaskId = taskId)
            .UseSqlite(container => container.GetRequiredService<IConfiguration>().GetConnectionString("Linktrees")!);
        #endregion
    }

    public static void KeepInADatabase(IServiceCollection services, string taskId)
    {
        #region README: Koii.DbSharing.PostgreSql
        services.AddDbSharing(options => options.TaskId = taskId).UsePostgreSql("Host=localhost;Database=linktrees;Username=node");
        #endregion
    }

    public static void KeepInADatabaseOfTheApplication(IServiceCollection services, string taskId)
    {
        #region README: Koii.DbSharing.PostgreSql, data source from the container
        services.AddDbSharing(options => options.TaskId = taskId)
            .UsePostgreSql(container => container.GetRequiredService<NpgsqlDataSource>());
        #endregion
    }

    public static WebApplication Serve(WebApplicationBuilder builder, string taskId)
    {
        #region README: Koii.DbSharing.AspNetCore
        builder.Services.AddDbSharing(options => options.TaskId = taskId).UseInMemory().AddReplicationService();
        var app = builder.Build();
        app.MapDbSharing();
        #endregion
        return app;
    }

    public static void ServeWithLimits(WebApplication app)
    {
        #region README: Koii.DbSharing.AspNetCore, limits
        app.UseForwardedHeaders();   // only behind a reverse proxy: ForwardedHeadersOptions name the proxy to trust
        app.MapDbSharing(options =>
        {
            options.PublicClient.RequestsPerMinute = 1200;
            options.PrivateClient.MaxConcurrentLists = null;   // no limit per client; that of all clients remains
        });
        #endregion
    }
}
