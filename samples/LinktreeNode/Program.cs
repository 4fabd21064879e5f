using System.Text.Json;
using Koii.DbSharing;
using LinktreeNode;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;

// A node: it serves its linktrees and pulls those of its peers. Every setting can be given on the command line
// (--DbSharing:TaskId=…), in appsettings.json or in the environment (DbSharing__TaskId). With --Share:Once=true it runs
// one round, prints its report and exits.
const int EveryPeerRead = 0, InvalidConfiguration = 1, NoNodeList = 2, SomePeersFailed = 3;

try
{
    var builder = WebApplication.CreateBuilder(args);

    // Front ends draw a new uuid at every edit. All other sources come after this one.
    builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = [new("DbSharing:LinktreesPerAuthor", "1")] });
    var shareOnce = builder.Configuration.GetValue("Share:Once", false);
    var provider = builder.Configuration["Store:Provider"] ?? "Sqlite";
    var connectionString = builder.Configuration["Store:ConnectionString"] is { Length: > 0 } given ? given : "Data Source=linktrees.db";
    var sharing = builder.Services.AddDbSharing().AddReplicationService(); // The options are the section DbSharing.
    _ = provider.ToUpperInvariant() switch
    {
        "SQLITE" => sharing.UseSqlite(connectionString),
        "POSTGRESQL" => sharing.UsePostgreSql(connectionString),
        "INMEMORY" => sharing.UseInMemory(),
        _ => throw new ArgumentException($"Store:Provider is '{provider}'; it must be Sqlite, PostgreSql or InMemory."),
    };
    if (shareOnce) // Standard output has only the report.
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    await using var app = builder.Build();
    app.UseStatusCodePages("application/problem+json", """{{"type":"about:blank","status":{0}}}""");
    app.MapGet("/", context => context.Response.WriteAsync("A node of a Koii task.")); // JavaScript nodes probe a peer by its root.
    app.MapDbSharing();

    var engine = app.Services.GetRequiredService<ReplicationEngine>();
    await engine.OpenAsync(); // A database that cannot be opened stops the node here, not at the first request.
    if (!shareOnce)
    {
        await app.RunAsync();
        return EveryPeerRead;
    }

    var report = await engine.ShareAsync();
    Console.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.ReplicationReport));
    return report.Outcome == RoundOutcome.NoNodeList ? NoNodeList : report.Peers.All(peer => peer.Failure is null) ? EveryPeerRead : SomePeersFailed;
}
catch (OptionsValidationException invalid)
{
    Console.Error.WriteLine(string.Join('\n', invalid.Failures));
    return InvalidConfiguration;
}
catch (Exception invalid) when (invalid is ArgumentException or FormatException or InvalidOperationException or IOException or LinktreeStoreException)
{
    Console.Error.WriteLine(invalid.Message);
    return InvalidConfiguration;
}
