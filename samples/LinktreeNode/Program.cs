using System.Text.Json;
using Koii.DbSharing;
using LinktreeNode;
using Microsoft.Extensions.Options;

// A node: it serves its linktrees and shares them with its peers. Every setting can be given on the command line (--DbSharing:TaskId=…), in
// appsettings.json or in the environment (DbSharing__TaskId). With --Share:Once=true it runs a single round, prints its report and ends.
const int EveryPeerAnswered = 0, WrongConfiguration = 1, NoNodeList = 2, SomePeersFailed = 3;

try
{
    var builder = WebApplication.CreateBuilder(args);
    var settings = new NodeSettings(builder.Configuration);
    builder.Services.AddSingleton<IValidateOptions<DbSharingOptions>>(settings);
    var sharing = builder.Services.AddDbSharing(settings.Apply).AddReplicationService();
    _ = settings.StoreProvider switch
    {
        StoreProvider.PostgreSql => sharing.UsePostgreSql(settings.ConnectionString),
        StoreProvider.InMemory => sharing.UseInMemory(),
        _ => sharing.UseSqlite(settings.ConnectionString),
    };
    if (settings.ShareOnce) // Standard output holds the report and nothing else.
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    await using var app = builder.Build();
    app.UseStatusCodePages("application/problem+json", """{{"type":"about:blank","status":{0}}}""");
    app.MapDbSharing();

    // Opens the store: a database that cannot be had ends the node here, not the first request for it.
    var engine = app.Services.GetRequiredService<ReplicationEngine>();
    await engine.GetSummaryAsync();
    if (!settings.ShareOnce)
    {
        await app.RunAsync();
        return 0;
    }

    var report = await engine.ShareAsync();
    Console.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.ReplicationReport));
    if (report.Outcome == RoundOutcome.NoNodeList)
        return NoNodeList;
    return report.Peers.All(peer => peer.Failure is null) ? EveryPeerAnswered : SomePeersFailed;
}
catch (OptionsValidationException wrong)
{
    foreach (var error in wrong.Failures)
        Console.Error.WriteLine(error);
    return WrongConfiguration;
}
catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidDataException or IOException or LinktreeStoreException)
{
    Console.Error.WriteLine(wrong.Message);
    return WrongConfiguration;
}
